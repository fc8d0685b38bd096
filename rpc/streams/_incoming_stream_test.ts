import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { Budget } from "../../channel/limits/budget.ts";
import type { ResultReceiver } from "../../channel/internal.ts";
import { QueueFullError } from "../../channel/errors.ts";
import { useWorld, world } from "../../transports/internal.ts";
import { ProtocolError } from "../../transports/errors.ts";
import { fakeSession } from "../fixtures/session.ts";
import { IncomingStream } from "./_incoming_stream.ts";
import type { StreamBatch } from "./_outgoing_stream.ts";
import type { StreamWindow } from "../rpc_options.ts";

/** A channel to a producer with the given answers. */
class FakeSource {
  window: StreamWindow = { items: 64, bytes: 1_000 };
  budget: Budget = new Budget(10_000);
  readonly asked: number[] = [];
  returns = 0;
  returned: Promise<void> = Promise.resolve();
  readonly calls = { send: this.#send.bind(this) };
  readonly #answers: (StreamBatch | Error | Promise<StreamBatch>)[];

  constructor(answers: (StreamBatch | Error | Promise<StreamBatch>)[] = []) {
    this.#answers = answers;
  }

  #send(
    [path, [key, consumed]]: [string, number[]],
    terms: { onResult: ResultReceiver },
  ): Promise<unknown> {
    assertEquals(key, 7);
    if (path === "$/next") return this.#next(consumed!, terms.onResult);
    assertEquals(path, "$/return");
    this.returns++;
    return this.returned;
  }

  /** Returns the next batch. An item counts as ten bytes. */
  async #next(
    consumed: number,
    onArrival: ResultReceiver,
  ): Promise<StreamBatch> {
    this.asked.push(consumed);
    const answer = this.#answers.shift();
    if (answer === undefined) return await new Promise<never>(() => {});
    if (answer instanceof Error) throw answer;
    const batch = await answer;
    onArrival(batch, 10 * (batch?.items?.length ?? 0));
    return batch;
  }
}

/** Stands for an abort signal: ends the stream that is bound to it. */
class FakeSignal {
  #stream: IncomingStream | null = null;

  add(_signal: AbortSignal, stream: IncomingStream): void {
    this.#stream = stream;
  }

  remove(stream: IncomingStream): void {
    if (this.#stream === stream) this.#stream = null;
  }

  get isBound(): boolean {
    return this.#stream !== null;
  }

  abort(reason: unknown): void {
    this.#stream!.abort(reason);
  }
}

/** Opens the stream of `source`, with a signal for its call if one is given. */
function open(source: FakeSource, aborting?: FakeSignal): IncomingStream {
  const session = fakeSession({
    channel: source,
    options: { streamWindow: source.window },
    aborting: aborting ?? new FakeSignal(),
  });
  const signal = aborting && new AbortController().signal;
  return new IncomingStream(session, "$/stream/7", { kind: "reply", signal });
}

const END: StreamBatch = { items: [], done: true };

/** Returns `count` numbers from `first` on. */
function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => first + i);
}

Deno.test("IncomingStream hands out the items of all batches in order", async () => {
  const source = new FakeSource([
    { items: [1, 2], done: false },
    { items: [], done: false },
    { items: [3], done: true },
  ]);
  assertEquals(await Array.fromAsync(open(source)), [1, 2, 3]);
  assertEquals(source.returns, 0);
});

Deno.test("IncomingStream asks ahead at half a batch, and tells how many were consumed", async () => {
  const source = new FakeSource([
    { items: range(0, 20), done: false },
    { items: range(20, 20), done: false },
    END,
  ]);
  const stream = open(source);
  assertEquals(source.asked, []);
  for (let i = 0; i < 9; i++) await stream.next();
  assertEquals(source.asked, [0]);
  await stream.next();
  assertEquals(source.asked, [0, 10]);
  assertEquals(await Array.fromAsync(stream), range(10, 30));
  assertEquals(source.asked, [0, 10, 30]);
});

Deno.test("IncomingStream fails by its first request that failed, whichever is heard of first", async () => {
  const first = Promise.withResolvers<StreamBatch>();
  const source = new FakeSource([
    { items: range(0, 4), done: false },
    first.promise,
    new Error("it came too late"),
  ]);
  const stream = open(source);
  for (let i = 0; i < 4; i++) await stream.next();
  assertEquals(source.asked, [0, 2, 4]);
  const next = stream.next();
  next.catch(() => {});
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  first.reject(new RangeError("it cannot be sent"));
  await assertRejects(() => next, RangeError);
});

Deno.test("IncomingStream asks again when all that has come is consumed", async () => {
  const second = Promise.withResolvers<StreamBatch>();
  const source = new FakeSource([
    { items: range(0, 4), done: false },
    second.promise,
    second.promise.then(() => END),
  ]);
  const stream = open(source);
  for (let i = 0; i < 3; i++) await stream.next();
  // The producer may need to know that more than two items were consumed.
  assertEquals(source.asked, [0, 2]);
  await stream.next();
  assertEquals(source.asked, [0, 2, 4]);
  second.resolve({ items: [4], done: false });
  assertEquals(await Array.fromAsync(stream), [4]);
});

Deno.test("IncomingStream loses no item to several next at once", async () => {
  const source = new FakeSource([
    { items: [1], done: false },
    { items: [2, 3], done: false },
    { items: [4], done: true },
  ]);
  const stream = open(source);
  const results = await Promise.all(range(0, 6).map(() => stream.next()));
  assertEquals(results.map(({ value }) => value), [
    1,
    2,
    3,
    4,
    undefined,
    undefined,
  ]);
  assertEquals(results.map(({ done }) => done), [
    ...Array(4).fill(false),
    true,
    true,
  ]);
});

Deno.test("IncomingStream tells an error once, after the items before it", async () => {
  const source = new FakeSource([
    { items: [1], done: false },
    new RangeError("no more"),
  ]);
  const stream = open(source);
  const results = [stream.next(), stream.next(), stream.next()];
  assertEquals(await results[0], { done: false, value: 1 });
  await assertRejects(() => results[1]!, RangeError, "no more");
  assertEquals(await results[2], { done: true, value: undefined });
  assertEquals(await stream.next(), { done: true, value: undefined });
  assertEquals(source.returns, 1);
});

Deno.test("IncomingStream goes on where it was left with `next`", async () => {
  const stream = open(new FakeSource([{ items: [1, 2], done: true }]));
  assertEquals((await stream.next()).value, 1);
  assertEquals(await Array.fromAsync(stream), [2]);
  assertEquals(await Array.fromAsync(stream), []);
});

Deno.test("IncomingStream ends the producer when the loop is left", async () => {
  const source = new FakeSource([{ items: [1, 2], done: false }]);
  const stream = open(source);
  for await (const item of stream) {
    assertEquals(item, 1);
    break;
  }
  assertEquals(source.returns, 1);
  assertEquals(await stream.next(), { done: true, value: undefined });
  await stream.return();
  await stream[Symbol.asyncDispose]();
  assertEquals(source.returns, 1);
});

Deno.test("IncomingStream ends a next that waits when it is left", async () => {
  const batch = Promise.withResolvers<StreamBatch>();
  const source = new FakeSource([batch.promise]);
  const stream = open(source);
  const waiting = stream.next();
  await stream.return();
  batch.resolve({ items: [1], done: false });
  assertEquals(await waiting, { done: true, value: undefined });
});

Deno.test("IncomingStream hides an error that comes after it is left", async () => {
  const batch = Promise.withResolvers<StreamBatch>();
  const source = new FakeSource([batch.promise]);
  const stream = open(source);
  const waiting = stream.next();
  await stream.return();
  batch.reject(new RangeError("late"));
  assertEquals(await waiting, { done: true, value: undefined });
});

Deno.test("IncomingStream forgets items of the last batch when it is left", async () => {
  const source = new FakeSource([{ items: [1, 2, 3], done: true }]);
  const stream = open(source);
  await stream.next();
  await stream.return();
  assertEquals(await stream.next(), { done: true, value: undefined });
  // The producer has ended by itself.
  assertEquals(source.returns, 0);
});

Deno.test("IncomingStream ends the producer although it was never iterated", async () => {
  const source = new FakeSource();
  {
    await using _stream = open(source);
  }
  assertEquals([source.returns, source.asked], [1, []]);
});

Deno.test("IncomingStream refuses an answer that is no batch", async () => {
  for (
    const answer of [null, 1, {}, { items: 3, done: false }, { items: [] }]
  ) {
    const source = new FakeSource([Promise.resolve(answer as StreamBatch)]);
    await assertRejects(() => open(source).next(), TypeError);
    assertEquals(source.returns, 1);
  }
});

Deno.test("IncomingStream rejects each next with the reason of its abort", async () => {
  const signal = new FakeSignal();
  const source = new FakeSource([{ items: [1, 2], done: false }]);
  const stream = open(source, signal);
  assertEquals((await stream.next()).value, 1);
  const reason = new RangeError("enough");
  signal.abort(reason);
  for (let i = 0; i < 2; i++) {
    assertStrictEquals(await assertRejects(() => stream.next()), reason);
  }
  assertEquals([source.returns, signal.isBound], [1, false]);
});

Deno.test("IncomingStream rejects what waits at its abort, all of it", async () => {
  const signal = new FakeSignal();
  const batch = Promise.withResolvers<StreamBatch>();
  const source = new FakeSource([batch.promise]);
  const stream = open(source, signal);
  const waiting = [stream.next(), stream.next()];
  const reason = new RangeError("enough");
  signal.abort(reason);
  batch.resolve(END);
  for (const next of waiting) {
    assertStrictEquals(await assertRejects(() => next), reason);
  }
  assertEquals([source.returns, source.asked], [1, [0]]);
});

Deno.test("IncomingStream.return after an abort joins the end of the producer", async () => {
  const signal = new FakeSignal();
  const source = new FakeSource();
  const failure = new RangeError("cannot finish");
  source.returned = Promise.reject(failure);
  const stream = open(source, signal);
  signal.abort(new Error("enough"));
  assertStrictEquals(await assertRejects(() => stream.return()), failure);
  // The producer is told once.
  await stream.return();
  assertEquals(source.returns, 1);
});

Deno.test("IncomingStream is bound until its consumer has seen the end", async () => {
  const signal = new FakeSignal();
  const items = [{ items: [1], done: true }];
  const read = open(new FakeSource(items), signal);
  await read.next();
  assertEquals(signal.isBound, true);
  await read.next();
  assertEquals(signal.isBound, false);

  const failing = new FakeSource([new RangeError("no more")]);
  const failed = open(failing, signal);
  await assertRejects(() => failed.next(), RangeError);
  assertEquals(signal.isBound, false);

  const left = open(new FakeSource(), signal);
  await left.return();
  assertEquals(signal.isBound, false);
});

Deno.test("IncomingStream forgets items of the last batch at its abort", async () => {
  const signal = new FakeSignal();
  const source = new FakeSource([{ items: [1, 2], done: true }]);
  const stream = open(source, signal);
  await stream.next();
  signal.abort(new RangeError("enough"));
  await assertRejects(() => stream.next(), RangeError);
  // The producer has ended by itself.
  assertEquals(source.returns, 0);
});

Deno.test("IncomingStream holds what has come until it is consumed", async () => {
  const source = new FakeSource([
    { items: range(0, 20), done: false },
    { items: range(20, 30), done: false },
    END,
  ]);
  const stream = open(source);
  await stream.next();
  assertEquals(source.budget.bytes, 200);
  // The next batch arrives before this one is consumed, and counts as well.
  for (let n = 1; n < 19; n++) await stream.next();
  assertEquals(source.budget.bytes, 500);
  await stream.next();
  assertEquals(source.budget.bytes, 300);
  await stream.next();
  await stream.return();
  assertEquals(source.budget.bytes, 0);
});

Deno.test("IncomingStream holds nothing once it is left, whatever comes then", async () => {
  const late = Promise.withResolvers<StreamBatch>();
  const source = new FakeSource([{ items: [1], done: false }, late.promise]);
  const stream = open(source);
  await stream.next();
  await stream.return();
  late.resolve({ items: range(0, 60), done: false });
  await late.promise;
  assertEquals([source.budget.bytes, source.returns], [0, 1]);
});

Deno.test("IncomingStream takes no more than its window from the other side", async () => {
  const fits = new FakeSource([
    { items: range(0, 60), done: false },
    { items: range(60, 34), done: true },
  ]);
  const items = await Array.fromAsync(open(fits));
  assertEquals(items, range(0, 94));
  // Half of the first batch is consumed when the second is requested.
  const over = new FakeSource([
    { items: range(0, 56), done: false },
    { items: range(56, 37), done: true },
  ]);
  const stream = open(over);
  for (let n = 0; n < 56; n++) await stream.next();
  const error = await assertRejects(() => stream.next(), ProtocolError);
  assertEquals(
    error.message.includes("1 more of its items"),
    true,
    error.message,
  );
  assertEquals(over.budget.bytes, 0);
});

/** A source whose batches take `ms` to arrive, by a test clock. */
class SlowSource extends FakeSource {
  readonly windows: number[] = [];
  received = 0;
  #time = 0;
  readonly #ms: number;

  constructor(ms: number, most = 1_000) {
    super();
    this.#ms = ms;
    this.window = { items: most, bytes: 1e9 };
    this.budget = new Budget(Infinity);
    this.calls.send = ([_, [__, consumed, window = 64]], { onResult }) => {
      const count = consumed! + window - this.received;
      this.windows.push(window);
      // The producer has sent all items that it may.
      if (count === 0) return new Promise<never>(() => {});
      this.received += count;
      this.pass(this.#ms);
      const batch = { items: new Array(count).fill(0), done: false };
      return Promise.resolve().then(() => onResult(batch, count));
    };
  }

  readonly now = (): number => this.#time;

  pass(ms: number): void {
    this.#time += ms;
  }
}

interface Consumed {
  readonly count: number;
  /** The time that each item takes. */
  readonly ms: number;
}

/** Consumes items of `source` and returns the windows that were requested. */
async function windowsAskedOf(source: SlowSource, ...items: Consumed[]) {
  const restore = useWorld({ ...world, now: source.now });
  try {
    const stream = open(source);
    for (const { count, ms } of items) {
      for (let n = 0; n < count; n++) {
        await stream.next();
        source.pass(ms);
      }
    }
  } finally {
    restore();
  }
  return source.windows;
}

function windowsOf(...items: Consumed[]): Promise<number[]> {
  return windowsAskedOf(new SlowSource(1), ...items);
}

Deno.test("IncomingStream asks for more at once when items do not come in time", async () => {
  const windows = await windowsOf({ count: 5_000, ms: 0.001 });
  assertEquals(windows.slice(0, 3), [64, 1_000, 1_000]);
  assertEquals(Math.max(...windows), 1_000);
});

Deno.test("IncomingStream asks for each batch that a window may bring", async () => {
  const source = new SlowSource(1, 4_096);
  const windows = await windowsAskedOf(source, { count: 32, ms: 0.001 });
  assertEquals(windows, [64, ...new Array(8).fill(4_096)]);
});

Deno.test("IncomingStream asks for few at once while its consumer is slow", async () => {
  const slow = { count: 2_000, ms: 1 };
  assertEquals(new Set(await windowsOf(slow)), new Set([64]));
  const windows = await windowsOf({ count: 1_000, ms: 0.001 }, slow);
  assertEquals([Math.max(...windows), windows.at(-1)], [1_000, 64]);
});

Deno.test("IncomingStream fails by itself where too much would be held", async () => {
  const source = new FakeSource([{ items: range(0, 50), done: false }]);
  source.budget.hold(9_600);
  const stream = open(source);
  const error = await assertRejects(() => stream.next(), QueueFullError);
  assertEquals([error.limit, source.budget.bytes], [10_000, 9_600]);
  assertEquals([source.returns, await stream.next()], [1, {
    done: true,
    value: undefined,
  }]);
});

Deno.test("IncomingStream takes a time for each item that does not grow", async () => {
  const source = new FakeSource([
    ...range(0, 1_250).map((n) => ({ items: range(32 * n, 32), done: false })),
    END,
  ]);
  source.budget = new Budget(Infinity);
  const start = performance.now();
  let count = 0;
  for await (const _ of open(source)) count++;
  const tookMs = performance.now() - start;
  assertEquals([count, tookMs < 3_000], [40_000, true], `${tookMs} ms`);
});
