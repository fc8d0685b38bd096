import { assert, assertEquals } from "@std/assert";
import { FakeTime as StdFakeTime } from "@std/testing/time";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { Timers } from "../../channel/internal.ts";
import { fakeSession } from "../fixtures/session.ts";
import { CALLED_MISSES, Heartbeat, MISSES } from "./_heartbeat.ts";

const INTERVAL_MS = 20;

/** The channel of a heartbeat. `onPing` acts as the peer. */
class Beating {
  readonly silence = Promise.withResolvers<void>();
  readonly timers = new Timers(this);
  readonly heartbeat: Heartbeat;
  readonly connection = { receivedBytes: 0 };
  readonly counts = { calls: 1, framesIn: 0 };
  readonly calls = {
    replies: 0,
    send: (content: unknown) => this.#answer(content),
  };
  pings = 0;
  /** Called at each ping. */
  onPing = (): void => {};

  constructor(heartbeatMs = INTERVAL_MS) {
    const options = { heartbeatMs };
    this.heartbeat = new Heartbeat(fakeSession({ channel: this, options }));
  }

  #answer(content: unknown): Promise<unknown> {
    assertEquals(content, ["$/ping", [], {}]);
    this.pings++;
    this.onPing();
    return Promise.reject(new Error("no reply"));
  }

  cut(): void {
    this.silence.resolve();
  }

  /** Resolves after `count` pings; rejects if the peer counts as gone. */
  async afterPings(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const { onPing } = this;
    this.onPing = () => {
      onPing();
      if (this.pings === count) resolve(true);
    };
    const gone = this.silence.promise.then(() => false);
    assert(await Promise.race([promise, gone]), "the peer counts as gone");
  }

  [Symbol.dispose](): void {
    this.heartbeat.stop();
  }
}

/** Blocks the process for a while, like a long computation. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** Starts a timer that keeps the process alive, which a heartbeat does not. */
function alive(): Disposable {
  const timer = setInterval(() => {}, 1_000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

Deno.test("Heartbeat notices silence after two pings without an answer", async () => {
  using _alive = alive();
  using beating = new Beating();
  const start = performance.now();
  beating.heartbeat.start("pinging");
  await beating.silence.promise;
  const tookMs = performance.now() - start;
  // The very last part of the intervals is skipped.
  assert(tookMs >= 3 * INTERVAL_MS * 23 / 24 - 2);
  assertEquals(beating.pings, 2);
});

for (const heardAfterMs of [1, 1_000, 1_875, 8_000, 14_999]) {
  Deno.test(`Heartbeat gives up a peer within three intervals that was heard after ${heardAfterMs} ms`, async () => {
    using time = new FakeTime();
    using beating = new Beating(15_000);
    beating.heartbeat.start("pinging");
    await time.pass(heardAfterMs);
    beating.connection.receivedBytes++;
    let tookMs = 0;
    beating.silence.promise.then(() => tookMs = -1);
    for (let ms = 0; ms <= 45_000 && tookMs === 0; ms += 125) {
      await time.pass(125);
      if (tookMs < 0) tookMs = ms + 125;
    }
    assert(tookMs > 43_000 && tookMs <= 45_000, `${tookMs} ms`);
    assertEquals(beating.pings, 2);
  });
}

Deno.test("Heartbeat that checks gives up a peer after one interval, unless it is heard", async () => {
  using time = new FakeTime();
  using beating = new Beating(15_000);
  let isGone = false;
  beating.silence.promise.then(() => isGone = true);
  beating.heartbeat.start("pinging");
  await time.pass(1_000);
  beating.heartbeat.check();
  assertEquals(beating.pings, 1);
  await time.pass(12_000);
  beating.connection.receivedBytes++;
  await time.pass(40_000);
  assertEquals(isGone, false);
  // Data that arrived before the check does not count.
  beating.connection.receivedBytes++;
  beating.heartbeat.check();
  beating.heartbeat.check();
  await time.pass(12_000);
  assertEquals(isGone, false);
  await time.pass(3_000);
  assertEquals(isGone, true);
});

Deno.test("Heartbeat takes a ping of the peer for no answer to its own", async () => {
  using time = new FakeTime();
  using beating = new Beating(15_000);
  let isGone = false;
  beating.silence.promise.then(() => isGone = true);
  beating.heartbeat.start("pinging");
  const ping = () => {
    beating.connection.receivedBytes += 10;
    beating.counts.framesIn++;
    beating.heartbeat.pinged();
  };
  for (let n = 0; n < 3; n++) {
    await time.pass(14_000);
    assertEquals(isGone, false);
    ping();
  }
  await time.pass(3_000);
  assertEquals([isGone, beating.pings], [true, 2]);
});

Deno.test("Heartbeat hears what comes together with a ping of the peer", async () => {
  using time = new FakeTime();
  using beating = new Beating(15_000);
  beating.heartbeat.start("pinging");
  for (let n = 0; n < 10; n++) {
    await time.pass(11_000);
    beating.connection.receivedBytes += 20;
    beating.counts.framesIn += 2;
    beating.heartbeat.pinged();
  }
  assertEquals(beating.pings, 0);
});

Deno.test("Heartbeat takes a ping for a sign until the hello is answered", async () => {
  using time = new FakeTime();
  using beating = new Beating(15_000);
  let isGone = false;
  beating.silence.promise.then(() => isGone = true);
  beating.heartbeat.start("greeting");
  for (let n = 0; n < 10; n++) {
    await time.pass(15_000);
    beating.connection.receivedBytes += 10;
    beating.counts.framesIn++;
    beating.heartbeat.pinged();
  }
  assertEquals(isGone, false);
  await time.pass(45_000);
  assertEquals(isGone, true);
});

Deno.test("Heartbeat counts one part of an interval for each turn, however long", async () => {
  using time = new StdFakeTime();
  using beating = new Beating(15_000);
  let isGone = false;
  beating.cut = () => isGone = true;
  beating.heartbeat.start("pinging");
  // No message can arrive in a tick.
  for (let turn = 1; turn < 23; turn++) {
    time.tick(60_000);
    await nextTurn();
    assertEquals([isGone, beating.pings], [false, Math.floor(turn / 8)]);
  }
  time.tick(60_000);
  await nextTurn();
  assertEquals(isGone, true);
});

Deno.test("Heartbeat sends no ping, and ends silence, before the hello is answered", async () => {
  using _alive = alive();
  using beating = new Beating(1);
  beating.heartbeat.start("greeting");
  await beating.silence.promise;
  assertEquals(beating.pings, 0);
});

Deno.test("Heartbeat bears more misses of a peer that was called before it has answered the hello", async () => {
  using _alive = alive();
  using beating = new Beating(2);
  beating.counts.calls = 2;
  beating.heartbeat.start("greeting");
  const start = performance.now();
  await beating.silence.promise;
  assert(performance.now() - start >= 2 * CALLED_MISSES);
});

Deno.test("Heartbeat ends if the peer answers a call and not the hello", async () => {
  using _alive = alive();
  using beating = new Beating(1);
  beating.calls.replies = 1;
  beating.heartbeat.start("greeting");
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 20);
  const gone = beating.silence.promise.then(() => assert(false, "it was cut"));
  await Promise.race([promise, gone]);
  beating.heartbeat.start("pinging");
  assertEquals(beating.pings, 0);
});

Deno.test("Heartbeat sends pings once the hello is answered", async () => {
  using _alive = alive();
  using beating = new Beating(1);
  beating.heartbeat.start("greeting");
  beating.heartbeat.start("pinging");
  await beating.afterPings(1);
});

Deno.test("Heartbeat goes on with a peer that answers", async () => {
  using _alive = alive();
  using beating = new Beating();
  // Each answer follows one miss.
  beating.onPing = () => {
    if (beating.pings % 2 === 0) {
      queueMicrotask(() => beating.connection.receivedBytes++);
    }
  };
  beating.heartbeat.start("pinging");
  await beating.afterPings(6);
});

Deno.test("Heartbeat asks nothing while bytes arrive", async () => {
  using _alive = alive();
  using beating = new Beating(50);
  beating.heartbeat.start("pinging");
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setInterval(() => {
    if (++beating.connection.receivedBytes === 40) resolve();
  }, 5);
  await promise;
  clearInterval(timer);
  assertEquals(beating.pings, 0);
});

Deno.test("Heartbeat gives up a peer although its own process is busy now and then", async () => {
  using _alive = alive();
  using beating = new Beating(400);
  beating.heartbeat.start("pinging");
  const start = performance.now();
  // Each part of an interval ends late.
  const busy = setInterval(() => block(160), 180);
  await beating.silence.promise;
  clearInterval(busy);
  const tookMs = performance.now() - start;
  assert(tookMs >= 1_140, `${tookMs} ms`);
});

Deno.test("Heartbeat does not count time in which its own process was busy", async () => {
  using _alive = alive();
  using beating = new Beating();
  // Busy for much longer than the peer may be silent.
  let isOver = false;
  const keepBusy = (rounds: number) => {
    block(10 * INTERVAL_MS);
    if (rounds > 0) return void setTimeout(() => keepBusy(rounds - 1));
    isOver = true;
    // Data that arrived meanwhile is read now.
    beating.connection.receivedBytes++;
  };
  beating.heartbeat.start("pinging");
  setTimeout(() => keepBusy(5));
  beating.silence.promise.then(() => assert(isOver, "it was taken for gone"));
  await beating.silence.promise;
  assert(beating.pings >= MISSES);
});

Deno.test("Heartbeat.stop ends it for good, and may be repeated", async () => {
  using beating = new Beating(1);
  beating.heartbeat.start("pinging");
  beating.heartbeat.stop();
  beating.heartbeat.stop();
  beating.heartbeat.start("pinging");
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 10);
  await promise;
  assertEquals(beating.pings, 0);
});

Deno.test("Heartbeat.stop ends it from within a ping", async () => {
  using _alive = alive();
  using beating = new Beating(1);
  beating.onPing = () => beating.heartbeat.stop();
  beating.heartbeat.start("pinging");
  await beating.afterPings(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 10);
  await promise;
  assertEquals(beating.pings, 1);
});

Deno.test("Heartbeat.start may be repeated, and has one timer", async () => {
  using _alive = alive();
  using beating = new Beating();
  beating.heartbeat.start("pinging");
  beating.heartbeat.start("pinging");
  await beating.afterPings(1);
  assertEquals(beating.pings, 1);
});

Deno.test("Heartbeat of Infinity has no timer", () => {
  // The sanitizer would detect a timer.
  new Beating(Infinity).heartbeat.start("pinging");
});

Deno.test("Heartbeat of more than a timer can hold asks nothing", async () => {
  using beating = new Beating(2 ** 33);
  beating.heartbeat.start("pinging");
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 10);
  await promise;
  assertEquals(beating.pings, 0);
});
