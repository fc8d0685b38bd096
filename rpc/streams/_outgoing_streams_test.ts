import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Budget } from "../../channel/limits/budget.ts";
import { type Call, call, runAs } from "../call.ts";
import { fakeSession } from "../fixtures/session.ts";
import { ReferenceReleasedError } from "../errors.ts";
import {
  isStream,
  MAX_STREAMS,
  OutgoingStreams,
  STREAM_PREFIX,
} from "./_outgoing_streams.ts";
import type { StreamWindow } from "../rpc_options.ts";
import { FIRST_WINDOW } from "./_window.ts";
import { discardStream, type StreamBatch } from "./_outgoing_stream.ts";
import {
  MessageContext,
  type StreamOwner,
} from "../references/_message_context.ts";

function open(
  window: StreamWindow = FIRST_WINDOW,
  budget: Budget = new Budget(Infinity),
  most: StreamWindow = window,
): OutgoingStreams {
  const channel = {
    budget,
    queue: { whenRoom: (write: () => void) => write() },
    arrivals: { giveBackFrame() {} },
    finishIfIdle() {},
  };
  const hello = { hasExtensions: true, window };
  const options = { streamWindow: most };
  const served = {
    forget() {},
    report: (_call: unknown, error: unknown) => error,
  };
  return new OutgoingStreams(fakeSession({ channel, hello, options, served }));
}

/** Returns the context of a result of the call `owner`. */
function owned(owner: Partial<StreamOwner>): MessageContext {
  return new MessageContext("owned", {
    subject: null,
    beginStream() {},
    endStream() {},
    run: (step) => step(),
    report: (error) => error,
    ...owner,
  });
}

/** Counts the items of its generators, and how many have finished. */
class Producer {
  produced = 0;
  finished = 0;

  async *count(end = Infinity): AsyncGenerator<number> {
    try {
      while (this.produced < end) yield this.produced++;
    } finally {
      this.finished++;
    }
  }

  /** Yields one item, and then waits for `event`. */
  async *wait(event: Promise<unknown>): AsyncGenerator<unknown> {
    try {
      yield this.produced++;
      yield await event;
    } finally {
      this.finished++;
    }
  }
}

function keyOf(path: string): number {
  assert(path.startsWith(STREAM_PREFIX));
  return Number(path.slice(STREAM_PREFIX.length));
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Requests more items of a stream. All of them can be sent. */
async function next(
  streams: OutgoingStreams,
  key: number,
  consumed: number,
): Promise<StreamBatch> {
  const sent: StreamBatch[] = [];
  await streams.next(key, { consumed, window: NaN }, (batch) => {
    sent.push(batch);
    return batch.items.length;
  });
  assertEquals(sent.length, 1);
  return sent[0]!;
}

/** Returns all items of a stream, which are consumed at once. */
async function drain(streams: OutgoingStreams, key: number) {
  const items: unknown[] = [];
  for (;;) {
    const batch: StreamBatch = await next(streams, key, items.length);
    items.push(...batch.items);
    if (batch.done) return items;
  }
}

Deno.test("OutgoingStreams hands out all items in order, and forgets the stream", async () => {
  const streams = open();
  const producer = new Producer();
  let ends = 0;
  const key = keyOf(
    streams.add(producer.count(1_000), owned({ endStream: () => ends++ })),
  );
  assertEquals(streams.size, 1);
  const items = await drain(streams, key);
  assertEquals(items, Array.from({ length: 1_000 }, (_, i) => i));
  assertEquals([streams.size, producer.finished, ends], [0, 1, 1]);
  await assertRejects(
    () => next(streams, key + 1, 1_000),
    ReferenceReleasedError,
  );
});

Deno.test("OutgoingStreams tells the end again to who has asked ahead", async () => {
  const streams = open();
  const first = keyOf(streams.add(new Producer().count(1)));
  await drain(streams, first);
  assertEquals(await next(streams, first, 1), { items: [], done: true });
  for (let ended = 0; ended < 300; ended++) {
    await drain(streams, keyOf(streams.add(new Producer().count(0))));
  }
  await assertRejects(() => next(streams, first, 1), ReferenceReleasedError);
  const left = keyOf(streams.add(new Producer().count()));
  await streams.return(left);
  await assertRejects(() => next(streams, left, 0), ReferenceReleasedError);
});

Deno.test("OutgoingStreams takes nothing before it is asked", async () => {
  const streams = open();
  const producer = new Producer();
  const key = keyOf(streams.add(producer.count()));
  await turn();
  assertEquals(producer.produced, 0);
  await streams.return(key);
  assertEquals(streams.size, 0);
});

Deno.test("OutgoingStreams never has more items under way than its window", async () => {
  const streams = open({ items: 10, bytes: 1_000_000 });
  const producer = new Producer();
  const key = keyOf(streams.add(producer.count()));
  assertEquals((await next(streams, key, 0)).items.length, 10);
  // Nothing was consumed, so the next request waits.
  const waiting = next(streams, key, 0);
  await turn();
  assertEquals(producer.produced, 10);
  const consuming = next(streams, key, 4);
  assertEquals((await waiting).items.length, 4);
  await turn();
  assertEquals(producer.produced, 14);
  await streams.return(key);
  assertEquals(await consuming, { items: [], done: true });
  assertEquals(producer.finished, 1);
});

Deno.test("OutgoingStreams never has more bytes under way than its window and one item", async () => {
  const streams = open({ items: 64, bytes: 1_000 });
  let produced = 0;
  async function* texts() {
    for (;;) {
      produced++;
      yield "x".repeat(392);
    }
  }
  const key = keyOf(streams.add(texts()));
  await next(streams, key, 0);
  await turn();
  assertEquals(produced, 3);
  await next(streams, key, 2);
  await turn();
  assertEquals(produced, 5);
  await streams.return(key);
});

Deno.test("OutgoingStreams runs ahead as far as it is asked to, up to its own bound", async () => {
  const first = { items: 10, bytes: 1_000_000 };
  const most = { items: 300, bytes: 1_000_000 };
  const streams = open(first, new Budget(Infinity), most);
  const producer = new Producer();
  const key = keyOf(streams.add(producer.count()));
  let consumed = 0;
  for (
    const [window, ahead] of [
      [NaN, 10],
      [20, 20],
      [5, 10],
      [-1, 10],
      [1e9, 300],
    ] as const
  ) {
    const asked = { consumed, window };
    const sent = Promise.withResolvers<number>();
    const asking = streams.next(key, asked, ({ items }) => {
      sent.resolve(items.length);
      return items.length;
    });
    for (let turns = 0; turns < 10; turns++) await turn();
    assertEquals(producer.produced, consumed + ahead, `window ${window}`);
    await Promise.all([sent.promise, asking]);
    consumed = producer.produced;
  }
  await streams.return(key);
});

Deno.test("OutgoingStreams takes no more than some items in a turn of the event loop", async () => {
  const streams = open({ items: 1_000, bytes: 1e9 });
  const producer = new Producer();
  const key = keyOf(streams.add(producer.count()));
  const asked = next(streams, key, 0);
  for (let turns = 1; turns < 10; turns++) {
    await turn();
    assert(producer.produced <= turns * 64 + 64, String(producer.produced));
  }
  // A batch ends early if turns of the event loop take long.
  let most = (await asked).items.length;
  for (let asks = 0; most <= 64 && asks < 20; asks++) {
    most = Math.max(most, (await next(streams, key, 0)).items.length);
  }
  assert(most > 64, String(most));
  await streams.return(key);
});

Deno.test("OutgoingStreams sends an item at once that no other follows", async () => {
  const streams = open({ items: 1_000, bytes: 1e9 });
  const event = Promise.withResolvers<void>();
  const key = keyOf(streams.add(new Producer().wait(event.promise)));
  assertEquals(await next(streams, key, 0), { items: [0], done: false });
  event.resolve();
  await streams.return(key);
});

for (const end of ["return", "an item that cannot be sent"]) {
  Deno.test(`OutgoingStreams knows when a producer that waits has ended after ${end}`, async () => {
    const streams = open();
    const event = Promise.withResolvers<void>();
    const producer = new Producer();
    const key = keyOf(streams.add(producer.wait(event.promise)));
    const refuse = () => {
      throw new TypeError("Cannot send it");
    };
    if (end === "return") await next(streams, key, 0);
    else {
      const asked = { consumed: 0, window: 0 };
      await assertRejects(() => streams.next(key, asked, refuse), TypeError);
    }
    assertEquals(await streams.return(key), true);
    let hasEnded = false;
    const ended = streams.return(key, true).finally(() => hasEnded = true);
    await turn();
    assertEquals([producer.finished, hasEnded], [0, false]);
    event.resolve();
    assertEquals(await ended, null);
    assertEquals(producer.finished, 1);
    assertEquals(await streams.return(key), null);
  });
}

Deno.test("OutgoingStreams lets a consumer that lies get no more than its window at once", async () => {
  const streams = open({ items: 10, bytes: 1_000_000 });
  const producer = new Producer();
  const key = keyOf(streams.add(producer.count()));
  for (let asked = 1; asked < 5; asked++) {
    await next(streams, key, 1e9);
    await turn();
    assertEquals(producer.produced, 10 * asked);
  }
  const waiting = next(streams, key, NaN);
  await turn();
  assertEquals(producer.produced, 40);
  await streams.return(key);
  assertEquals([(await waiting).done, producer.finished], [true, 1]);
});

Deno.test("OutgoingStreams tells an error after the items before it", async () => {
  const streams = open();
  async function* failing() {
    yield 1;
    yield 2;
    throw new RangeError("no more");
  }
  const key = keyOf(streams.add(failing()));
  const items: unknown[] = [];
  const error = await assertRejects(async () => {
    for (;;) items.push(...(await next(streams, key, items.length)).items);
  }, RangeError);
  assertEquals([items, error.message, streams.size], [[1, 2], "no more", 0]);
});

Deno.test("OutgoingStreams keeps the items that were not sent", async () => {
  const streams = open();
  const key = keyOf(streams.add(new Producer().count(5)));
  const batches: StreamBatch[] = [];
  const few = (batch: StreamBatch) => {
    batches.push(batch);
    return Math.min(2, batch.items.length);
  };
  for (let consumed = 0; consumed < 5; consumed += 2) {
    assertEquals(streams.size, 1);
    await streams.next(key, { consumed, window: NaN }, few);
  }
  assertEquals(streams.size, 0);
  assertEquals(batches, [
    { items: [0, 1, 2, 3, 4], done: true },
    { items: [2, 3], done: false },
    { items: [4], done: true },
  ]);
});

Deno.test("OutgoingStreams ends a producer whose next item cannot be sent", async () => {
  const streams = open({ items: 2, bytes: 1_000 });
  const producer = new Producer();
  let ends = 0;
  const key = keyOf(
    streams.add(producer.count(), owned({ endStream: () => ends++ })),
  );
  await next(streams, key, 0);
  await turn();
  const unsendable = () => {
    throw new RangeError("not this");
  };
  await assertRejects(
    () => streams.next(key, { consumed: 1, window: NaN }, unsendable),
    RangeError,
  );
  await turn();
  assertEquals([producer.finished, ends, streams.size], [1, 1, 0]);
});

Deno.test("OutgoingStreams offers a stream that was withdrawn anew", async () => {
  const streams = open();
  const numbers = new Producer().count(3);
  const context = new MessageContext("owned");
  const withdrawn = keyOf(streams.add(numbers, context));
  context.withdraw();
  assertEquals(streams.size, 0);
  const key = keyOf(streams.add(numbers));
  assert(key !== withdrawn);
  assertEquals(await drain(streams, key), [0, 1, 2]);
});

Deno.test("OutgoingStreams tells an error of an iterable that cannot begin", async () => {
  const streams = open();
  const key = keyOf(streams.add({
    [Symbol.asyncIterator]() {
      throw new RangeError("cannot begin");
    },
  }));
  await assertRejects(() => next(streams, key, 0), RangeError);
  assertEquals(streams.size, 0);
});

Deno.test("OutgoingStreams.return waits until the producer's finally has run", async () => {
  const streams = open({ items: 2, bytes: 1_000 });
  let finished = false;
  async function* slowToFinish() {
    try {
      for (;;) yield 1;
    } finally {
      await turn();
      finished = true;
    }
  }
  const key = keyOf(streams.add(slowToFinish()));
  await next(streams, key, 0);
  await turn();
  await streams.return(key);
  assertEquals([finished, streams.size], [true, 0]);
  await streams.return(key);
});

Deno.test("OutgoingStreams.return tells an error of the producer's finally", async () => {
  const streams = open({ items: 2, bytes: 1_000 });
  async function* failing() {
    try {
      for (;;) yield 1;
    } finally {
      // deno-lint-ignore no-unsafe-finally -- it is what is tested
      throw new RangeError("cannot finish");
    }
  }
  const key = keyOf(streams.add(failing()));
  await next(streams, key, 0);
  await turn();
  await assertRejects(() => streams.return(key), RangeError);
  assertEquals(streams.size, 0);
});

Deno.test("OutgoingStreams.return does not wait for a producer that waits", async () => {
  const streams = open();
  const producer = new Producer();
  const event = Promise.withResolvers<void>();
  const key = keyOf(streams.add(producer.wait(event.promise)));
  await next(streams, key, 0);
  const waiting = next(streams, key, 1);
  await streams.return(key);
  assertEquals(await waiting, { items: [], done: true });
  assertEquals([producer.finished, streams.size], [0, 0]);
  event.resolve();
  await turn();
  assertEquals(producer.finished, 1);
});

Deno.test("OutgoingStreams.return tells the end before it ends the producer", async () => {
  const streams = open();
  const producer = new Producer();
  const event = Promise.withResolvers<void>();
  const stream = producer.wait(event.promise);
  // Like a method that stops when its signal aborts.
  const key = keyOf(
    streams.add(stream, owned({ endStream: () => event.resolve() })),
  );
  await next(streams, key, 0);
  await streams.return(key);
  await turn();
  assertEquals(producer.finished, 1);
});

Deno.test("OutgoingStreams.endAll runs every producer's finally", async () => {
  const streams = open({ items: 2, bytes: 1_000 });
  const producer = new Producer();
  let ends = 0;
  const waiting: Promise<StreamBatch>[] = [];
  for (let i = 0; i < 5; i++) {
    const stream = producer.count();
    // A stream that was not requested, but was started elsewhere.
    if (i === 0) await stream.next();
    const key = keyOf(streams.add(stream, owned({ endStream: () => ends++ })));
    if (i === 0) continue;
    await next(streams, key, 0);
    await turn();
    waiting.push(next(streams, key, 0));
  }
  const settled = Promise.allSettled(waiting);
  streams.endAll();
  assertEquals([streams.size, ends], [0, 5]);
  await settled;
  await turn();
  assertEquals(producer.finished, 5);
  streams.endAll();
});

Deno.test("OutgoingStreams answers several questions at once", async () => {
  const streams = open();
  const producer = new Producer();
  const event = Promise.withResolvers<void>();
  const key = keyOf(streams.add(producer.wait(event.promise)));
  await next(streams, key, 0);
  const questions = [next(streams, key, 1), next(streams, key, 1)];
  await streams.return(key);
  for (const answer of await Promise.all(questions)) {
    assertEquals(answer, { items: [], done: true });
  }
  event.resolve();
});

Deno.test("OutgoingStreams begins a generator where it is told to", async () => {
  const streams = open();
  const served = { path: "work" } as Call;
  async function* paths() {
    yield call().path;
  }
  const start = <T>(step: () => T) => runAs(served, step);
  const key = keyOf(streams.add(paths(), owned({ run: start })));
  assertEquals(await drain(streams, key), ["work"]);
});

Deno.test("OutgoingStreams adds each stream to the message that offers it", () => {
  const streams = open();
  const producer = new Producer();
  const outer = new MessageContext("owned");
  const inner = new MessageContext("borrowed");
  streams.add(producer.count(), outer);
  streams.add(producer.count(), inner);
  streams.add(producer.count());
  assert(!outer.isEmpty && !inner.isEmpty);
  assertEquals(streams.size, 3);
  outer.discard();
  assertEquals(streams.size, 2);
  streams.endAll();
});

Deno.test("OutgoingStreams refuses more streams than one connection may have", () => {
  const streams = open();
  const empty = { [Symbol.asyncIterator]: () => new Producer().count(0) };
  for (let i = 0; i < MAX_STREAMS; i++) streams.add(empty);
  assertThrows(() => streams.add(empty), RangeError);
  streams.endAll();
  streams.add(empty);
  streams.endAll();
});

Deno.test("discardStream ends a producer that has begun", async () => {
  const producer = new Producer();
  const stream = producer.count();
  await stream.next();
  discardStream(stream);
  await turn();
  assertEquals(producer.finished, 1);
});

Deno.test("isStream knows async iterables", () => {
  assertEquals(isStream(new Producer().count()), true);
  assertEquals(isStream(new ReadableStream()), true);
  for (const other of [null, undefined, 1, "text", [], {}, () => {}]) {
    assertEquals(isStream(other), false);
  }
});

Deno.test("OutgoingStreams counts what is held, and gives all of it back", async () => {
  const budget = new Budget(1_000_000);
  const streams = open({ items: 100, bytes: 1_000_000 }, budget);
  const producer = new Producer();
  const key = keyOf(streams.add(producer.count()));
  const idle = budget.bytes;
  assert(idle > 0);
  assertEquals((await next(streams, key, 0)).items.length, 64);
  for (let turns = 0; turns < 3; turns++) await turn();
  // The following items wait for the next request.
  assertEquals([producer.produced, budget.bytes], [100, idle + 36 * 8]);
  await next(streams, key, 1);
  await turn();
  assertEquals([producer.produced, budget.bytes], [101, idle + 8]);
  await streams.return(key);
  await turn();
  assertEquals(budget.bytes, 0);
  const dropped = keyOf(streams.add(producer.count()));
  await next(streams, dropped, 0);
  await turn();
  streams.endAll();
  assertEquals(budget.bytes, 0);
});

Deno.test("OutgoingStreams over the budget goes on one item at a time", async () => {
  const budget = new Budget(2_000);
  const streams = open({ items: 64, bytes: 1_000_000 }, budget);
  async function* texts() {
    for (let n = 0; n < 10; n++) yield "x".repeat(1_100);
  }
  const key = keyOf(streams.add(texts()));
  assertThrows(() => streams.add(texts()), RangeError, "maxHeldBytes");
  let consumed = 0;
  for (let done = false; !done;) {
    const batch = await next(streams, key, consumed);
    await turn();
    assert(batch.items.length <= 1, `${batch.items.length} items`);
    assert(budget.bytes <= 3_300, `${budget.bytes} bytes`);
    ({ done } = batch);
    consumed += batch.items.length;
  }
  assertEquals([consumed, budget.bytes], [10, 0]);
});

Deno.test("OutgoingStreams tries no more items at once than did fit", async () => {
  const streams = open({ items: 1_000, bytes: 1e9 });
  const key = keyOf(streams.add(new Producer().count(1_000)));
  let [offered, sent] = [0, 0];
  const three = ({ items }: StreamBatch) => {
    const taken = Math.min(3, items.length);
    offered += items.length;
    sent += taken;
    return taken;
  };
  while (streams.size > 0) {
    await streams.next(key, { consumed: sent, window: NaN }, three);
    await turn();
  }
  assertEquals(sent, 1_000);
  // It would be 250,000 if all waiting items were offered each time.
  assert(offered < 6_000, `${offered} items offered`);
});
