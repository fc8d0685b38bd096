import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertIsError,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  ConnectionClosedError,
  RemoteError,
  TimeoutError,
} from "../../channel/errors.ts";
import { encodeRequest, openRaw } from "../../channel/fixtures/raw_peer.ts";
import { openConnection } from "../../channel/deno.ts";
import { withCtx } from "../../testing/ctx.ts";
import { AddressInUseError } from "../../transports/errors.ts";
import { startWith } from "./fixtures/fake_mosaik.ts";
import { makeEntities, TimeBased } from "./fixtures/simulators.ts";
import { listenSimulator } from "./start.ts";
import type { Meta } from "./meta.ts";
import type { Mosaik } from "./mosaik.ts";
import type { SimulatorFunctions } from "./simulator.ts";

const meta: Meta = {
  type: "hybrid",
  models: { M: { public: true, params: [], attrs: ["a"] } },
  set_events: true,
};

/** Returns a simulator with this `step`, which counts its stops. */
function stepping(
  step: (time: number, mosaik: Mosaik) => unknown,
  stop: () => void | Promise<void> = () => {},
) {
  const simulator = {
    meta,
    stops: 0,
    create: (num: number, model: string) => makeEntities(num, model),
    step: (time: number, _inputs: unknown, _max: number, mosaik: Mosaik) =>
      step(time, mosaik) as Promise<number>,
    stop: () => {
      simulator.stops++;
      return stop();
    },
  } satisfies SimulatorFunctions & { stops: number };
  return simulator;
}

/** Resolves when the signal aborts. */
function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) resolve();
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise;
}

withCtx("listenSimulator serves all calls of mosaik", async (ctx) => {
  const simulator = new TimeBased();
  const { running, mosaik } = await startWith(ctx, simulator);
  assertEquals(await mosaik.init({ step_size: 5 }), simulator.meta);
  assertEquals(
    await mosaik.call("create", [2, "Multiplier"], { factor: 2 }),
    makeEntities(2, "Multiplier"),
  );
  assertEquals(await mosaik.call("setup_done"), null);
  const inputs = {
    "Multiplier-0": { in: { "A-0.a": 1, "A-0.b": 2 } },
    "Multiplier-1": { in: { "A-0.a": 5 } },
  };
  assertEquals(await mosaik.step(0, inputs), 5);
  assertEquals(
    await mosaik.call("get_data", [{ "Multiplier-1": ["out"] }]),
    { "Multiplier-1": { out: 10 } },
  );
  assertEquals((await mosaik.stop()).by, "peer");
  assertEquals(await running.closed, {
    by: "peer",
    code: "closed",
    message: "mosaik stopped the simulator",
  });
  assertEquals(simulator.stops, 1);
});

withCtx({
  name: "listenSimulator speaks TLS where it is told to",
  transports: ["tls"],
}, async (ctx) => {
  const simulator = new TimeBased();
  const { tls } = ctx.options;
  const { running, mosaik } = await startWith(ctx, simulator, { tls });
  assertEquals(mosaik.channel.peerName, "ctx");
  assertEquals(await mosaik.init(), simulator.meta);
  await mosaik.stop();
  assertEquals((await running.closed).by, "peer");
});

withCtx("listenSimulator writes the bytes that mosaik reads", async (ctx) => {
  const simulator: SimulatorFunctions = {
    meta: { type: "event-based", models: {} },
    create: () => [],
    step: async (_time, _inputs, _max, mosaik) => {
      await mosaik.setData({ "A-0.a": { "B-0.b": { "ä": 1.5 } } });
      throw new RangeError("no\nwind");
    },
  };
  const { onError } = ctx.options;
  const running = ctx.use(
    await listenSimulator(simulator, ctx.address, { onError }),
  );
  using raw = await openRaw(running.address);
  raw.send('[0, 0, ["init", ["Sim-0"], {"time_resolution": 1.0}]]');
  assertEquals(
    await raw.receive(),
    '[1,0,{"type":"event-based","models":{},"api_version":"3.0"}]',
  );
  raw.send('[0, 1, ["setup_done", [], {}]]');
  assertEquals(await raw.receive(), "[1,1,null]");
  raw.send('[0, 2, ["create", [0, "M"], {}]]');
  assertEquals(await raw.receive(), "[1,2,[]]");
  raw.send('[0, 3, ["step", [0, {"b": {"x": {"A-0.a": NaN}}}, 9], {}]]');
  assertEquals(
    await raw.receive(),
    '[0,0,["set_data",[{"A-0.a":{"B-0.b":{"ä":1.5}}}],{}]]',
  );
  raw.send("[1, 0, null]");
  const failure = JSON.parse((await raw.receive())!);
  assertEquals(failure.slice(0, 2), [2, 3]);
  const [name, message, ...lines] = failure[2];
  assertEquals([name, message], ["RangeError", "no\nwind"]);
  assert(lines.every((it: unknown) => /^\s+at .*[^\n]$/.test(String(it))));
  const [report] = ctx.takeHandlerErrors();
  assertIsError(report, Error, "'step' failed: mosaik logs it and ends");
  assertInstanceOf(report.cause, RangeError);
  raw.send('[0, 4, ["stop", [], {}]]');
  assertEquals(await raw.receive(), null);
});

withCtx("listenSimulator answers all failures by a list", async (ctx) => {
  const simulator = stepping((time) => {
    switch (time) {
      case 0:
        throw "text";
      case 1:
        return Promise.reject(null);
      case 2:
        return 2n;
      default:
        throw new Error("x".repeat(5_000));
    }
  });
  const { onError } = ctx.options;
  const limits = { frames: { maxBytes: 1_024 } };
  const running = ctx.use(
    await listenSimulator(simulator, ctx.address, { onError, limits }),
  );
  using raw = await openRaw(running.address);
  const contents = [
    "no call",
    ["stop"],
    ["step", [0, {}, 9], {}],
    ["init", ["Sim-0"], { time_resolution: 1 }],
    ["init", ["Sim-0"], { time_resolution: 1 }],
    ["constructor", [], {}],
    ["toString", [], {}],
    ["get_data", [{}], {}],
    ...[0, 1, 2, 3].map((time) => ["step", [time, {}, 9], {}]),
  ];
  const names: unknown[] = [];
  for (const [id, content] of contents.entries()) {
    raw.send(encodeRequest(id, content));
    const [type, , list] = JSON.parse((await raw.receive())!);
    if (type === 1) continue;
    assertEquals(type, 2);
    assert(list.length >= 2);
    assert(list.every((it: unknown) => typeof it === "string"));
    names.push(list[0]);
  }
  // One error of 'get_data', one of 'step' before 'init', and five of the four
  // steps after it: the bigint is invalid and also cannot be sent.
  assertEquals(ctx.takeHandlerErrors().length, 7);
  assertEquals(names, [
    ...["TypeError", "TypeError", "TypeError", "TypeError"],
    ...Array(3).fill("MethodNotFoundError"),
    ...["Error", "Error", "SerializationError", "Error"],
  ]);
});

withCtx(
  "listenSimulator answers what cannot be sent by a list",
  async (ctx) => {
    const simulator: SimulatorFunctions = {
      ...stepping(() => null),
      getData: () => ({ e: { a: NaN } }),
    };
    const { mosaik } = await startWith(ctx, simulator);
    await mosaik.init();
    const error = await assertRejects(
      () => mosaik.call("get_data", [{ e: ["a"] }]),
      RemoteError,
    );
    assertEquals(error.remoteName, "SerializationError");
    assert(Array.isArray(error.content));
    assertEquals(ctx.takeHandlerErrors().length, 1);
  },
);

withCtx(
  "listenSimulator leaves wrong results to mosaik, and reports them",
  async (
    ctx,
  ) => {
    const results = [0, -1, 0.5, "1"];
    const simulator: SimulatorFunctions = {
      ...stepping(() => results.shift()),
      getData: () => ({ time: -1 }),
    };
    const { mosaik } = await startWith(ctx, simulator);
    await mosaik.init();
    for (const result of [...results]) {
      assertEquals(await mosaik.step(0), result);
      const [report] = ctx.takeHandlerErrors();
      assertIsError(report, Error, "Cannot end the step at 0");
    }
    assertEquals(await mosaik.call("get_data", [{}]), { time: -1 });
    assertEquals(ctx.takeHandlerErrors().length, 1);
  },
);

withCtx("listenSimulator takes times beyond the exact integers", async (
  ctx,
) => {
  const { mosaik } = await startWith(ctx, stepping((time) => time * 2));
  await mosaik.init();
  assertEquals(await mosaik.step(2 ** 59), 2 ** 60);
});

withCtx("listenSimulator sends NaN if it is told to", async (ctx) => {
  const simulator: SimulatorFunctions = {
    ...stepping(() => null),
    getData: () => ({ e: { a: NaN } }),
  };
  const { mosaik } = await startWith(ctx, simulator, { nonFinite: "python" });
  await mosaik.init();
  assertEquals(
    await mosaik.call("get_data", [{ e: ["a"] }]),
    { e: { a: NaN } },
  );
});

withCtx("listenSimulator runs one call after the other", async (ctx) => {
  const events: string[] = [];
  const gate = Promise.withResolvers<void>();
  const simulator = stepping(async (time) => {
    events.push(`begin ${time}`);
    if (time === 0) await gate.promise;
    events.push(`end ${time}`);
  });
  const { mosaik } = await startWith(ctx, simulator);
  await mosaik.init();
  const steps = [mosaik.step(0), mosaik.step(1)];
  gate.resolve();
  assertEquals(await Promise.all(steps), [null, null]);
  assertEquals(events, ["begin 0", "end 0", "begin 1", "end 1"]);
});

withCtx("Mosaik's calls leave one at a time", async (ctx) => {
  const simulator = stepping(async (_time, mosaik) => {
    const calls = [
      mosaik.getProgress(),
      mosaik.getRelatedEntities("A-0.a").catch((error) => error.remoteName),
      mosaik.setEvent(7),
    ];
    assertEquals(await Promise.all(calls), [50, "KeyError", undefined]);
    return null;
  });
  const { mosaik } = await startWith(ctx, simulator);
  await mosaik.init();
  const stepped = mosaik.step(0);
  const first = await mosaik.channel.recv();
  assertEquals(first.content, ["get_progress", [], {}]);
  assertEquals(mosaik.channel.stats().unreadRequests, 0);
  await first.reply(50);
  const second = await mosaik.channel.recv();
  assertEquals(second.content, ["get_related_entities", ["A-0.a"], {}]);
  await second.fail(["KeyError", "'A-0.a'"]);
  const third = await mosaik.channel.recv();
  assertEquals(third.content, ["set_event", [7], {}]);
  await third.reply(null);
  assertEquals(await stepped, null);
});

withCtx("Mosaik.setEvent() refuses what the meta or time forbids", async (
  ctx,
) => {
  let given: Mosaik | null = null;
  const simulator: SimulatorFunctions = {
    ...stepping(() => null),
    init: (_sid, params, mosaik) => {
      given = mosaik;
      return { ...meta, set_events: params["may"] === true };
    },
  };
  const first = await startWith(ctx, simulator);
  await first.mosaik.init();
  await assertRejects(() => given!.setEvent(1), TypeError, "set_events");
  const second = await startWith(ctx, simulator);
  await second.mosaik.init({ may: true });
  for (const time of [-1, 0.5, NaN]) {
    await assertRejects(() => given!.setEvent(time), RangeError);
  }
});

withCtx("listenSimulator ends a running step when mosaik stops it", async (
  ctx,
) => {
  const running = Promise.withResolvers<void>();
  const reasons: unknown[] = [];
  const simulator = stepping(async (_time, { signal }) => {
    running.resolve();
    await aborted(signal);
    assertEquals(simulator.stops, 0);
    reasons.push(signal.reason);
  });
  const { mosaik } = await startWith(ctx, simulator);
  await mosaik.init();
  const steps = [mosaik.step(0), mosaik.step(1)];
  const settled = Promise.allSettled(steps);
  await running.promise;
  await mosaik.stop();
  const [first, second] = await settled;
  assertEquals(first, { status: "fulfilled", value: null });
  assertEquals(second?.status, "rejected");
  assertEquals(simulator.stops, 1);
  assertIsError(reasons[0], ConnectionClosedError);
});

withCtx("listenSimulator stops although a step never ends", async (ctx) => {
  const simulator = stepping(() => new Promise(() => {}));
  const { mosaik } = await startWith(ctx, simulator, { graceMs: 1 });
  await mosaik.init();
  const lost = assertRejects(() => mosaik.step(0), ConnectionClosedError);
  await mosaik.stop();
  await lost;
  assertEquals(simulator.stops, 1);
});

withCtx("listenSimulator stops once when mosaik is gone", async (ctx) => {
  const simulator = stepping((_time, mosaik) => mosaik.getProgress());
  const { running, mosaik } = await startWith(ctx, simulator);
  await mosaik.init();
  const lost = assertRejects(() => mosaik.step(0), ConnectionClosedError);
  await mosaik.channel.recv();
  await mosaik.channel.close({ graceMs: 0 });
  await lost;
  const { by, code } = await running.closed;
  assertEquals([by, code], ["peer", "lost"]);
  await running.close();
  assertEquals(simulator.stops, 1);
});

withCtx("listenSimulator stops once when it is closed here", async (ctx) => {
  const simulator = stepping(() => null);
  const { running, mosaik } = await startWith(ctx, simulator);
  await mosaik.init();
  await Promise.all([running.close(), running.close()]);
  assertEquals((await running.closed).by, "local");
  await mosaik.channel.closed;
  assertEquals(simulator.stops, 1);
});

withCtx("listenSimulator is closed by its signal", async (ctx) => {
  const controller = new AbortController();
  const simulator = stepping(() => null);
  const { signal } = controller;
  const { running } = await startWith(ctx, simulator, { signal });
  controller.abort();
  assertEquals(await running.closed, {
    by: "local",
    code: "aborted",
    message: "the signal aborted",
  });
  assertEquals(simulator.stops, 1);
  await assertRejects(
    () => listenSimulator(simulator, ctx.address, { signal }),
    DOMException,
  );
});

withCtx("listenSimulator reports what stop throws", async (ctx) => {
  const thrown = new Error("cannot stop");
  const simulator = stepping(() => null, () => Promise.reject(thrown));
  const { running, mosaik } = await startWith(ctx, simulator);
  await mosaik.stop();
  assertEquals((await running.closed).by, "peer");
  const [error] = ctx.takeHandlerErrors();
  assertStrictEquals(error, thrown);
});

withCtx("listenSimulator gives mosaik up after its time", async (ctx) => {
  const simulator = stepping(() => null);
  const running = ctx.use(
    await listenSimulator(simulator, ctx.address, { timeoutMs: 1 }),
  );
  const { by, error } = await running.closed;
  assertEquals([by, simulator.stops], ["error", 1]);
  assertIsError(error, TimeoutError);
});

withCtx("listenSimulator serves the first who connects only", async (ctx) => {
  const { running, mosaik } = await startWith(ctx, stepping(() => null));
  await mosaik.init();
  const second = ctx.use(await openConnection(running.address, ctx.options));
  await second.closed;
  assertEquals(await mosaik.step(0), null);
});

withCtx("listenSimulator closes the connection on a broken frame", async (
  ctx,
) => {
  const simulator = stepping(() => null);
  const { onError } = ctx.options;
  const running = ctx.use(
    await listenSimulator(simulator, ctx.address, { onError }),
  );
  using raw = await openRaw(running.address);
  raw.send("{");
  assertEquals((await running.closed).by, "error");
  assertEquals([ctx.takeHandlerErrors().length, simulator.stops], [1, 1]);
});

withCtx("listenSimulator refuses bad options and addresses", async (ctx) => {
  const simulator = stepping(() => null);
  const { running } = await startWith(ctx, simulator);
  await assertRejects(
    () => listenSimulator(simulator, running.address),
    AddressInUseError,
  );
  for (const options of [{ timeoutMs: -1 }, { graceMs: NaN }]) {
    await assertRejects(
      () => listenSimulator(simulator, ctx.address, options),
      RangeError,
    );
  }
});
