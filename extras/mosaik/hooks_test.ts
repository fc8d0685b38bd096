import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { RemoteError, TimeoutError } from "../../channel/errors.ts";
import { openConnection } from "../../channel/deno.ts";
import { captureStderr } from "../../testing/fixtures/capture_stderr.ts";
import { MISBEHAVING } from "../../testing/fixtures/misbehaving.ts";
import { withCtx } from "../../testing/ctx.ts";
import { logTo } from "./_log.ts";
import { FakeMosaik, startWith } from "./fixtures/fake_mosaik.ts";
import { makeEntities } from "./fixtures/simulators.ts";
import { listenSimulator } from "./start.ts";
import type { Meta } from "./meta.ts";

const meta: Meta = {
  type: "hybrid",
  models: { M: { public: true, params: [], attrs: ["a"] } },
  extra_methods: ["extra"],
};

/** Returns a simulator with some functions replaced by `functions`. */
function simulatorWith(functions: Readonly<Record<string, () => unknown>>) {
  return {
    meta,
    create: (num: number, model: string) => makeEntities(num, model),
    step: (time: number) => time + 1,
    getData: () => ({}),
    extra: () => 1,
    ...functions,
    // deno-lint-ignore no-explicit-any -- what the types forbid, JavaScript does
  } as any;
}

/** The calls of mosaik, by the simulator function that they call. */
const CALLS: Readonly<
  Record<string, (mosaik: FakeMosaik) => Promise<unknown>>
> = {
  create: (mosaik) => mosaik.call("create", [1, "M"]),
  setupDone: (mosaik) => mosaik.call("setup_done"),
  step: (mosaik) => mosaik.step(0),
  getData: (mosaik) => mosaik.call("get_data", [{}]),
  extra: (mosaik) => mosaik.call("extra"),
};

for (const { name, run, fails } of MISBEHAVING) {
  const isEndless = name === "never settles";

  withCtx(`SimulatorFunctions that each ${name}`, async (ctx) => {
    const functions = Object.fromEntries(
      Object.keys(CALLS).map((key) => [key, run]),
    );
    const { running, mosaik } = await startWith(
      ctx,
      simulatorWith(functions),
      { graceMs: 1 },
    );
    await mosaik.init();
    for (const [key, call] of Object.entries(CALLS)) {
      const outcome = call(mosaik).then(() => "answered", () => "failed");
      if (isEndless) continue;
      // The simulator refuses `undefined` as result of 'create'; for 'get_data'
      // mosaik does.
      const isRight = !fails && key !== "create";
      assertEquals(await outcome, isRight ? "answered" : "failed");
      const isReported = fails && ["setupDone", "step"].includes(key) ||
        key === "getData";
      assertEquals(ctx.takeHandlerErrors().length, isReported ? 1 : 0);
    }
    await running.close();
  });

  withCtx(`SimulatorFunctions.init that ${name}`, async (ctx) => {
    const { running, mosaik } = await startWith(
      ctx,
      simulatorWith({ init: run }),
      { graceMs: 1 },
    );
    const outcome = mosaik.init().then(() => "answered", () => "failed");
    if (!isEndless) assertEquals(await outcome, fails ? "failed" : "answered");
    await running.close();
  });

  withCtx(`SimulatorFunctions.stop that ${name}`, async (ctx) => {
    const reports: unknown[] = [];
    const { running, mosaik } = await startWith(
      ctx,
      simulatorWith({ stop: run }),
      {
        stopMs: isEndless ? 1 : 5_000,
        onError: (error) => reports.push(error),
      },
    );
    await mosaik.init();
    await mosaik.stop();
    assertEquals((await running.closed).by, "peer");
    assertEquals(reports.length, fails || isEndless ? 1 : 0);
    if (isEndless) assertInstanceOf(reports[0], TimeoutError);
  });

  withCtx(`SimulatorOptions.onError that ${name}`, async (ctx) => {
    using printed = captureStderr();
    const { running } = await startWith(
      ctx,
      simulatorWith({
        stop: () => {
          throw new Error("stop");
        },
      }),
      { onError: run as () => void },
    );
    await running.close();
    await nextTurn();
    assertEquals(printed.lines.length, fails ? 2 : 0);
  });
}

withCtx(
  "listenSimulator refuses arguments that are not mosaik's",
  async (ctx) => {
    const called: unknown[] = [];
    const note = (...args: unknown[]) => void called.push(args);
    const simulator = simulatorWith({ init: note, create: note, step: note });
    const { mosaik } = await startWith(ctx, simulator, {
      limits: { frames: { maxBytes: 2_100 } },
    });
    await assertRejects(() => mosaik.call("init", [7]), RemoteError, "text");
    await mosaik.init();
    assertEquals(called.splice(0).length, 1);
    const refused: [name: string, args: unknown[]][] = [
      ["create", []],
      ["create", [-1, "M"]],
      ["create", [1.5, "M"]],
      ["create", ["1", "M"]],
      ["create", [1, null]],
      // One more than fit in a frame of 2,100 bytes.
      ["create", [101, "M"]],
      ["create", [2 ** 53 - 1, "M"]],
      ["step", []],
      ["step", ["0", {}, 1]],
      ["step", [0, [], 1]],
      ["step", [0, {}, null]],
      ["step", [-1, {}, 1]],
      ["get_data", []],
      ["get_data", [{ "M-0": "a" }]],
      ["init", ["Sim-0"]],
      ["toString", []],
      ["constructor", []],
    ];
    for (const [name, args] of refused) {
      const error = await assertRejects(() => mosaik.call(name, args));
      assertInstanceOf(error, RemoteError);
    }
    assertEquals(called, []);
    // The errors of 'step' and 'get_data', which end the run of a scenario.
    assertEquals(ctx.takeHandlerErrors().length, 7);
  },
);

withCtx(
  "listenSimulator does not take its own busy time for mosaik's",
  async (ctx) => {
    const { onError } = ctx.options;
    const running = ctx.use(
      await listenSimulator(simulatorWith({}), ctx.address, {
        onError,
        timeoutMs: 100,
      }),
    );
    const opening = openConnection(running.address, ctx.options);
    for (const until = performance.now() + 300; performance.now() < until;);
    const mosaik = new FakeMosaik(ctx.use(await opening));
    await mosaik.init();
    await mosaik.stop();
    assertEquals((await running.closed).by, "peer");
  },
);

for (const options of [{ stopMs: -1 }, { stopMs: NaN }, { graceMs: -1 }]) {
  Deno.test(`listenSimulator refuses ${Deno.inspect(options)}`, async () => {
    await assertRejects(
      () => listenSimulator(simulatorWith({}), "local://nobody", options),
      RangeError,
    );
  });
}

Deno.test("a simulator's own log shows what mosaik sends on one line", () => {
  using printed = captureStderr();
  const log = logTo("debug");
  log("debug", "mosaik calls '\u001b[2J\ncritical: forged'");
  log("trace", () => {
    throw new Error("not to be made");
  });
  assertEquals(printed.lines, [
    "debug: mosaik calls '\\u{1b}[2J\\ncritical: forged'",
  ]);
});

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
