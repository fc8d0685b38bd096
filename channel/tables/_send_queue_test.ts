import { assert, assertEquals } from "@std/assert";
import { type ChannelContext, ChannelCounters } from "../_context.ts";
import { DEFAULT_LIMITS } from "../limits/limits.ts";
import { Budget } from "../limits/budget.ts";
import { Timers } from "../timers/_timers.ts";
import { type QueuedFrame, SendQueue } from "./_send_queue.ts";

/** A connection with or without room, as a test sets it. */
class FakeConnection {
  queuedBytes = 1;
  readonly writtenBytes = 0;
  readonly sent: (Uint8Array | string)[] = [];

  send(payload: Uint8Array | string): number {
    this.queuedBytes = 1;
    return this.sent.push(payload);
  }
}

function setUp(): { connection: FakeConnection; queue: SendQueue } {
  const connection = new FakeConnection();
  const channel = {
    connection,
    // One frame fills it.
    limits: {
      ...DEFAULT_LIMITS,
      queues: { maxBytes: 0.5, slowPeerMs: Infinity },
    },
    budget: new Budget(Infinity),
    counts: new ChannelCounters(),
    timers: new Timers(),
    cutOver: () => {},
  };
  const queue = new SendQueue(channel as unknown as ChannelContext);
  return { connection, queue };
}

/** Returns a frame that writes `byte` to `queue` in its turn. */
function frame(queue: SendQueue, byte: number): QueuedFrame {
  return {
    position: -1,
    go: () => void queue.write(Uint8Array.of(byte)),
  };
}

Deno.test("SendQueue sends what waits in order, without what was withdrawn", () => {
  const { connection, queue } = setUp();
  const frames = [0, 1, 2, 3, 4].map((byte) => frame(queue, byte));
  for (const waiting of frames) queue.wait(waiting);
  const drain = () => {
    connection.queuedBytes = 0;
    queue.written();
  };
  drain();
  queue.withdraw(frames[1]!);
  queue.withdraw(frames[4]!);
  drain();
  drain();
  drain();
  queue.wait(frame(queue, 5));
  drain();
  assertEquals(connection.sent, [0, 2, 3, 5].map((it) => Uint8Array.of(it)));
  assertEquals(queue.isEmpty, true);
});

Deno.test("SendQueue takes as long for each of many that wait as for each of few", () => {
  const { connection, queue } = setUp();
  const count = 150_000;
  for (let waiting = 0; waiting < count; waiting++) queue.wait(frame(queue, 0));
  const start = performance.now();
  for (let left = count; left > 0; left--) {
    connection.queuedBytes = 0;
    queue.written();
  }
  const tookMs = performance.now() - start;
  assertEquals(connection.sent.length, count);
  assert(tookMs < 3_500, `${tookMs} ms`);
});

Deno.test("SendQueue writes large answers one after the other, as there is room", () => {
  const { connection, queue } = setUp();
  const answer = (text: string) => () => void queue.write(text);
  queue.whenRoom(answer("a"));
  queue.whenRoom(answer("b"));
  queue.whenRoom(answer("c"));
  assertEquals(connection.sent, []);
  const sent: number[] = [];
  for (let count = 0; count < 3; count++) {
    connection.queuedBytes = 0;
    queue.written();
    sent.push(connection.sent.length);
  }
  assertEquals([sent, connection.sent], [[1, 2, 3], ["a", "b", "c"]]);
  queue.whenRoom(answer("d"));
  queue.end();
  assertEquals(connection.sent.at(-1), "d");
});

Deno.test("SendQueue lets calls, large answers and producers go in one order", async () => {
  const { connection, queue } = setUp();
  const drained = queue.room().then(() => connection.sent.length);
  queue.wait(frame(queue, 0));
  queue.whenRoom(() => void queue.write("a"));
  const drainedLater = queue.room().then(() => connection.sent.length);
  queue.wait(frame(queue, 1));
  for (let count = 0; count < 3; count++) {
    connection.queuedBytes = 0;
    queue.written();
    await Promise.resolve();
  }
  assertEquals(connection.sent, [Uint8Array.of(0), "a", Uint8Array.of(1)]);
  assertEquals([await drained, await drainedLater], [1, 3]);
});

Deno.test("SendQueue.room resolves when the connection ends", async () => {
  const { queue } = setUp();
  const room = queue.room();
  queue.end();
  await room;
});
