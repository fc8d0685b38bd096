import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
// deno-lint-ignore no-import-prefix -- no other test needs it
import sinon from "npm:sinon@22.1.0";
import { ConnectionClosedError, TimeoutError } from "../../channel/errors.ts";
import { call } from "../../rpc/call.ts";
import { startServer } from "../../rpc/deno.ts";
import { withOptions } from "../../rpc/options.ts";
import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { service } from "../../rpc/service/service.ts";
import { withCtx } from "../fixtures/everywhere.ts";
import { failureOf } from "../fixtures/fake_runner.ts";
import { nextTurn } from "../fixtures/next_turn.ts";
import { untilEnd } from "../fixtures/until_end.ts";
import { StepTimeoutError } from "../errors.ts";

/** The minimal interface of a fake time. */
interface Fake extends Disposable {
  tick(ms: number): void;
}

const { setTimeout: realSetTimeout } = globalThis;

/** Fakes only the timers, neither the date nor `performance.now`. */
class FakeTimers implements Fake {
  readonly #real = {
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
  };
  readonly #timers = new Map<number, { at: number; run: () => void }>();
  #now = 0;
  #ids = 0;

  constructor() {
    Object.assign(globalThis, {
      setTimeout: (run: () => void, ms = 0) => {
        this.#timers.set(++this.#ids, { at: this.#now + ms, run });
        return this.#ids;
      },
      clearTimeout: (id: number) => this.#timers.delete(id),
    });
  }

  tick(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { at }]) => at <= end)
        .sort(([, a], [, b]) => a.at - b.at);
      if (next === undefined) break;
      const [id, { at, run }] = next;
      this.#timers.delete(id);
      this.#now = at;
      run();
    }
    this.#now = end;
  }

  [Symbol.dispose](): void {
    Object.assign(globalThis, this.#real);
  }
}

function sinonTime(): Fake {
  // `node:tls` waits for ticks, and certificates are not valid in 1970.
  const clock = sinon.useFakeTimers({
    now: Date.now(),
    toNotFake: ["nextTick"],
  });
  return {
    tick: (ms) => void clock.tick(ms),
    [Symbol.dispose]: () => clock.restore(),
  };
}

const FAKES: Readonly<Record<string, () => Fake>> = {
  "FakeTime": () => new FakeTime(),
  "sinon": sinonTime,
  "fake timers alone": () => new FakeTimers(),
};

/** Lets messages arrive, in real time, until `isSo` returns `true`. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => realSetTimeout(done, 1));
}

/** Lets `ms` pass in steps; messages arrive between the steps. */
async function pass(time: Fake, ms: number, stepMs: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    time.tick(stepMs);
    await new Promise((done) => realSetTimeout(done, 5));
  }
}

for (const [name, fake] of Object.entries(FAKES)) {
  withCtx(`deadlines run on the time of ${name}`, async (ctx) => {
    using time = fake();
    const log: string[] = [];
    const slow = service({
      echo: (text: string) => text,
      async never() {
        const { signal } = call();
        log.push("began");
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve())
        );
        log.push("given up");
      },
    });
    const { remote } = await ctx.rpc.startServerAndConnect(slow, {
      client: { heartbeatMs: Infinity },
      server: { heartbeatMs: Infinity },
    });
    // After this call, each side knows the features of the other.
    await remote.echo("hi");
    const pending = withOptions(remote, { timeoutMs: 60_000 }).never();
    const rejected = assertRejects(() => pending, TimeoutError)
      .then((error) => log.push(`timed out after ${error.timeoutMs}`));
    await until(() => log.length === 1);
    time.tick(59_000);
    await until(() => true);
    assertEquals(log, ["began"]);
    time.tick(2_000);
    await rejected;
    await until(() => log.length === 3);
    assertEquals(log.toSorted(), [
      "began",
      "given up",
      "timed out after 60000",
    ]);
  });

  withCtx(
    `timers that are set later run on the time of ${name}`,
    async (ctx) => {
      const slow = service({ never: (): Promise<void> => untilEnd() });
      const { remote } = await ctx.rpc.startServerAndConnect(slow, {
        client: { heartbeatMs: Infinity },
        server: { heartbeatMs: Infinity },
      });
      using time = fake();
      const log: number[] = [];
      for (const timeoutMs of [20_000, 30_000, 40_000]) {
        withOptions(remote, { timeoutMs }).never()
          .catch(() => log.push(timeoutMs));
        await nextTurn();
      }
      await pass(time, 25_000, 5_000);
      assertEquals(log, [20_000]);
      // Timers that were set along the way wait only for their remaining time.
      await pass(time, 10_000, 5_000);
      assertEquals(log, [20_000, 30_000]);
      await pass(time, 10_000, 5_000);
      assertEquals(log, [20_000, 30_000, 40_000]);
    },
  );

  withCtx(`heartbeats run on the time of ${name}`, async (ctx) => {
    const { network } = ctx;
    const echo = service({ echo: (text: string) => text });
    using time = fake();
    const { remote, closed } = await ctx.rpc.startServerAndConnect(echo);
    assertEquals(await remote.echo("hi"), "hi");
    await pass(time, 100_000, 5_000);
    assertEquals(await remote.echo("still there"), "still there");
    network.blackHole();
    let reason: unknown;
    closed.then(({ code }) => void (reason = code));
    for (let i = 0; i < 40 && reason === undefined; i++) {
      await pass(time, 5_000, 5_000);
    }
    assertEquals(reason, "heartbeat");
    await assertRejects(() => remote.echo("gone"), ConnectionClosedError);
  });

  withCtx(
    `a long step of the time of ${name} ends no connection`,
    async (ctx) => {
      using time = fake();
      const echo = service({ echo: (text: string) => text });
      const { remote } = await ctx.rpc.startServerAndConnect(echo);
      assertEquals(await remote.echo("hi"), "hi");
      for (let n = 0; n < 3; n++) {
        time.tick(3_600_000);
        assertEquals(await remote.echo("still there"), "still there");
      }
    },
  );

  withCtx(`idle limits run on the time of ${name}`, async (ctx) => {
    using time = fake();
    const echo = service({ echo: (text: string) => text });
    const { remote, closed } = await ctx.rpc.startServerAndConnect(echo, {
      client: { heartbeatMs: Infinity },
      server: {
        heartbeatMs: Infinity,
        limits: { connections: { idleMs: 300_000 } },
      },
    });
    assertEquals(await remote.echo("hi"), "hi");
    let isOpen = true;
    closed.then(() => void (isOpen = false));
    await pass(time, 240_000, 60_000);
    assertEquals(isOpen, true);
    await pass(time, 600_000, 60_000);
    await until(() => !isOpen);
  });

  withCtx(`backoff runs on the time of ${name}`, async (ctx) => {
    using time = fake();
    const echo = service({ echo: (text: string) => text });
    const options = { ...ctx.options, heartbeatMs: Infinity };
    const first = await startServer(ctx.address, echo, options);
    await using client = await openReconnecting<typeof echo>(first.address, {
      ...options,
      backoff: { initialMs: 60_000, maxMs: 60_000 },
    });
    assertEquals(await client.remote.echo("hi"), "hi");
    await first.close({ graceMs: 0 });
    await until(() => client.state !== "connected");
    await using _again = await startServer(first.address, echo, options);
    await pass(time, 20_000, 5_000);
    assertEquals(client.state, "reconnecting");
    while (client.state !== "connected") await pass(time, 500, 500);
    assertEquals(await client.remote.echo("again"), "again");
  });

  Deno.test(`withCtx keeps its limit in real time beside ${name}`, async () => {
    const late = await failureOf(async () => {
      using _time = fake();
      await new Promise((done) => realSetTimeout(done, 200));
    }, { timeoutMs: 50 });
    assertInstanceOf(late, StepTimeoutError);
    const inTime = await failureOf(() => {
      using time = fake();
      time.tick(3_600_000);
      return Promise.resolve();
    }, { timeoutMs: 5_000 });
    assertEquals(inTime, null);
    const atOnce = await failureOf(async () => {
      using time = fake();
      await nextTurn();
      time.tick(3_600_000);
    }, { timeoutMs: 5_000 });
    assertEquals(atOnce, null);
  });
}
