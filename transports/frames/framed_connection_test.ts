import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { End } from "../fixtures/frame_stage.ts";
import { DenomasError, FrameTooLargeError } from "../errors.ts";
import type { ByteStream } from "../transport.ts";
import { encodeFrame } from "./frame.ts";
import { observe } from "../_observers.ts";

/** The length that fills the first read buffer. The next buffer is longer. */
const FILLING = frames("x".repeat(508));

/** A stream whose reads and writes a test controls. */
class FakeStream implements ByteStream {
  /** The written bytes, one part for each completed write. */
  readonly writes: Uint8Array[] = [];
  /** The names of all calls except reads and writes. */
  readonly calls: string[] = [];
  /** The most bytes that one write accepts. */
  writeLimit = Infinity;
  /** Makes writes wait until {@linkcode takeWrite}. */
  holdsWrites = false;
  /** The error with which writes reject. */
  writeError: unknown = null;
  /** The error with which `closeWrite` rejects. */
  closeWriteError: unknown = null;
  readonly #arrivals: (() => Uint8Array | null)[] = [];
  #onArrival: PromiseWithResolvers<void> | null = null;
  #onTake: PromiseWithResolvers<void> | null = null;
  #closed = false;

  /** Completes a read with `bytes`. Several calls complete several reads. */
  arrive(bytes: Uint8Array): void {
    this.#arrive(() => bytes);
  }

  arriveEnd(): void {
    this.#arrive(() => null);
  }

  arriveError(error: unknown): void {
    this.#arrive(() => {
      throw error;
    });
  }

  #arrive(arrival: () => Uint8Array | null): void {
    this.#arrivals.push(arrival);
    this.#onArrival?.resolve();
  }

  async read(into: Uint8Array): Promise<number | null> {
    if (this.#arrivals.length === 0) {
      this.#onArrival = Promise.withResolvers();
      await this.#onArrival.promise;
    }
    const bytes = this.#arrivals.shift()!();
    if (bytes === null) return null;
    assert(bytes.length <= into.length, "What arrives at once fits");
    into.set(bytes);
    return bytes.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const before = bytes.slice();
    if (this.holdsWrites) {
      this.#onTake = Promise.withResolvers();
      await this.#onTake.promise;
    }
    if (this.#closed) throw new Deno.errors.BadResource("closed");
    if (this.writeError !== null) throw this.writeError;
    assertEquals(bytes, before, "Bytes change while they are written");
    const taken = Math.min(bytes.length, this.writeLimit);
    this.writes.push(before.subarray(0, taken));
    return taken;
  }

  /** Completes the write that waits. */
  takeWrite(): void {
    this.#onTake!.resolve();
    this.#onTake = null;
  }

  closeWrite(): Promise<void> {
    this.calls.push("closeWrite");
    return this.closeWriteError === null
      ? Promise.resolve()
      : Promise.reject(this.closeWriteError);
  }

  close(): void {
    this.calls.push("close");
    this.#closed = true;
    this.#onArrival?.reject(new Deno.errors.Interrupted("closed"));
    this.#onTake?.resolve();
  }

  ref(): void {
    this.calls.push("ref");
  }

  unref(): void {
    this.calls.push("unref");
  }

  /** The written frames. */
  get written(): string {
    const bytes = this.writes.flatMap((part) => [...part]);
    return new TextDecoder().decode(Uint8Array.from(bytes));
  }
}

interface Setup {
  readonly stream: FakeStream;
  readonly end: End;
}

function setUp(maxFrameBytes?: number): Setup {
  const stream = new FakeStream();
  return { stream, end: endOf(stream, maxFrameBytes) };
}

function endOf(stream: ByteStream, maxFrameBytes?: number): End {
  const connection = {
    stream,
    localAddress: "fake://near",
    remoteAddress: "fake://far",
  };
  return new End(connection, maxFrameBytes).start();
}

/** Returns the bytes of one frame for each text. */
function frames(...texts: string[]): Uint8Array {
  return Uint8Array.from(texts.flatMap((text) => [...encodeFrame(text)]));
}

function asText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Runs all microtasks within the current turn of the event loop. */
async function microtasks(): Promise<void> {
  for (let n = 0; n < 50; n++) await null;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Lets the event loop make some turns. */
async function turns(): Promise<void> {
  for (let n = 0; n < 5; n++) await nextTurn();
}

Deno.test("FramedConnection writes a lone frame on the next microtask", async () => {
  const { stream, end } = setUp();
  end.connection.send("alone");
  assertEquals(stream.writes, []);
  await microtasks();
  assertEquals(stream.written, asText(frames("alone")));
  assertEquals(end.timesWritten, 1);
  end.close();
});

Deno.test("FramedConnection writes all frames queued at once as one write", async () => {
  const { stream, end } = setUp();
  const texts = Array.from({ length: 1_000 }, (_, n) => `frame ${n}`);
  for (const text of texts) end.connection.send(text);
  await turns();
  assertEquals(stream.writes.length, 1);
  assertEquals(stream.written, asText(frames(...texts)));
  assertEquals(end.timesWritten, 1);
  end.close();
});

/** Answers each frame after as many microtasks as its number says. */
function answerLater({ end }: Setup): void {
  end.onFrame = async (payload) => {
    const text = asText(payload);
    for (let n = Number(text); n > 0; n--) await null;
    end.connection.send(`re: ${text}`);
  };
}

Deno.test("FramedConnection writes the answers to a burst as one write", async () => {
  const setup = setUp();
  answerLater(setup);
  const burst = ["9", "0", "3", "1", "5", "40"];
  setup.stream.arrive(frames(...burst));
  await turns();
  const answers = burst.toSorted((a, b) => Number(a) - Number(b));
  assertEquals(setup.stream.writes.map(asText), [
    asText(frames(...answers.map((text) => `re: ${text}`))),
  ]);
  setup.end.close();
});

Deno.test("FramedConnection writes the answers to a long burst in parts", async () => {
  const { stream, end } = setUp();
  const frame = frames("1").length;
  const partsSince = (write: number) =>
    stream.writes.slice(write).map(({ length }) => length / frame);
  end.onFrame = () => void end.connection.send("1");
  stream.arrive(frames("1", "1"));
  await turns();
  stream.arrive(frames(...Array<string>(40).fill("1")));
  await turns();
  assertEquals(partsSince(0), [2, 16, 24]);
  // Answers that are made one after another leave one after another.
  for (let answer = 0; answer < 40; answer++) {
    end.connection.send("1");
    await null;
  }
  await turns();
  assertEquals(partsSince(3), [16, 16, 8]);
  end.connection.close();
});

Deno.test("FramedConnection lets others have their turn within a large read", async () => {
  const other = setUp();
  const { stream, end } = setUp();
  stream.arrive(FILLING);
  stream.arrive(frames(...Array<string>(199).fill("1")));
  await nextTurn();
  assertEquals(end.frames.length, 128);
  let turns = 0;
  for (; end.frames.length === 128; turns++) await nextTurn();
  // Deno polls its sockets after this many turns.
  assert(turns > 60, `${turns} turns`);
  assertEquals(end.frames.length, 200);
  for (const setup of [other.end, end]) setup.connection.close();
});

Deno.test("FramedConnection counts a long frame as several before others have their turn", async () => {
  const other = setUp();
  const stream = new FakeStream();
  // A flood: every read finds more bytes.
  let source = frames(...Array<string>(40).fill("x".repeat(100_000)));
  stream.read = (into) => {
    const part = source.subarray(0, into.length);
    source = source.subarray(part.length);
    into.set(part);
    return Promise.resolve(part.length === 0 ? null : part.length);
  };
  const end = endOf(stream);
  await nextTurn();
  // Each frame counts seven times: once, and once for each 16 KiB.
  assertEquals(end.frames.length, 19);
  let turns = 0;
  for (; end.frames.length === 19; turns++) await nextTurn();
  assert(turns > 60, `${turns} turns`);
  for (const setup of [other.end, end]) setup.connection.close();
});

Deno.test("FramedConnection delivers nothing after a close between two turns", async () => {
  const { stream, end } = setUp();
  stream.arrive(FILLING);
  stream.arrive(frames(...Array<string>(199).fill("1")));
  await nextTurn();
  end.connection.close();
  for (let turn = 0; turn < 100; turn++) await nextTurn();
  assertEquals(end.frames.length, 128);
});

Deno.test("FramedConnection does not wait for others after a pause of the peer", async () => {
  const other = setUp();
  const { stream, end } = setUp();
  for (let burst = 1; burst <= 3; burst++) {
    stream.arrive(frames(...Array<string>(100).fill("1")));
    await nextTurn();
    assertEquals(end.frames.length, burst * 100);
  }
  for (const setup of [other.end, end]) setup.connection.close();
});

Deno.test("FramedConnection writes the answer to a lone frame on the next microtask", async () => {
  const setup = setUp();
  answerLater(setup);
  setup.stream.arrive(frames("1", "2"));
  await turns();
  // An earlier burst does not delay it.
  setup.stream.arrive(frames("3"));
  await microtasks();
  assertEquals(setup.stream.writes.map(asText), [
    asText(frames("re: 1", "re: 2")),
    asText(frames("re: 3")),
  ]);
  setup.end.close();
});

Deno.test("FramedConnection collects what is queued during a write for the next", async () => {
  const { stream, end } = setUp();
  stream.holdsWrites = true;
  end.connection.send("first");
  await microtasks();
  for (const text of ["a", "b", "c"]) {
    end.connection.send(text);
    await turns();
  }
  assertEquals(end.connection.queuedBytes, 9 + 3 * 5);
  stream.takeWrite();
  await microtasks();
  assertEquals([end.timesWritten, end.connection.queuedBytes], [0, 15]);
  stream.takeWrite();
  await microtasks();
  assertEquals(stream.writes.map(asText), [
    asText(frames("first")),
    asText(frames("a", "b", "c")),
  ]);
  assertEquals([end.timesWritten, end.connection.queuedBytes], [1, 0]);
  end.close();
});

Deno.test("FramedConnection writes large payloads in their place, and gives them back then", async () => {
  const { stream, end } = setUp();
  const large = new Uint8Array(200_000).fill(0x78);
  const released: Uint8Array[] = [];
  const owner = { release: (payload: Uint8Array) => released.push(payload) };
  stream.holdsWrites = true;
  end.connection.send("a");
  end.connection.send(large, owner);
  end.connection.send("b", owner);
  const sizes: number[] = [];
  for (const count of [0, 0, 1]) {
    await microtasks();
    assertEquals([released.length, end.timesWritten], [count, 0]);
    sizes.push(end.connection.queuedBytes);
    stream.takeWrite();
  }
  await microtasks();
  assertEquals(sizes, [200_014, 200_005, 5]);
  assertEquals([end.timesWritten, end.connection.queuedBytes], [1, 0]);
  assertEquals(stream.written, asText(frames("a", asText(large), "b")));
  end.close();
});

Deno.test("FramedConnection writes all answers to a burst in order, large ones, too", async () => {
  const owner = { release() {} };
  for (const count of [18, 60]) {
    const { stream, end } = setUp();
    const texts = Array.from(
      { length: count },
      (_, n) => n % 20 === 7 ? "x".repeat(150_000) : `${n}`,
    );
    let next = 0;
    end.onFrame = () => {
      const payload = new TextEncoder().encode(texts[next++]);
      end.connection.send(payload, owner);
    };
    stream.arrive(frames("1", "1"));
    await turns();
    stream.arrive(frames(...Array<string>(count - 2).fill("1")));
    await turns();
    assertEquals([next, end.connection.queuedBytes], [count, 0]);
    assertEquals(stream.written, asText(frames(...texts)));
    end.close();
  }
});

Deno.test("FramedConnection goes on where a write took only a part", async () => {
  const { stream, end } = setUp();
  stream.writeLimit = 3;
  end.connection.send("0123456789");
  end.connection.send("abc");
  await turns();
  assertEquals(stream.writes.map(({ length }) => length), [
    3,
    3,
    3,
    3,
    3,
    3,
    3,
  ]);
  assertEquals(stream.written, asText(frames("0123456789", "abc")));
  assertEquals(end.connection.writtenBytes, 21);
  assertEquals(end.timesWritten, 1);
  end.close();
});

Deno.test("FramedConnection counts down what a write takes in parts", async () => {
  const { stream, end } = setUp();
  stream.writeLimit = 4;
  stream.holdsWrites = true;
  end.connection.send("012345");
  await microtasks();
  const counts: number[][] = [];
  for (let n = 0; n < 3; n++) {
    counts.push([end.connection.queuedBytes, end.connection.writtenBytes]);
    stream.takeWrite();
    await microtasks();
  }
  assertEquals(counts, [[10, 0], [6, 4], [2, 8]]);
  assertEquals(end.connection.queuedBytes, 0);
  end.close();
});

Deno.test("FramedConnection takes what the receiver sends when all is written", async () => {
  const { stream, end } = setUp();
  const sent = end.until(() => end.timesWritten === 1)
    .then(() => end.connection.send("second"));
  end.connection.send("first");
  await sent;
  await turns();
  assertEquals(stream.written, asText(frames("first", "second")));
  assertEquals(end.timesWritten, 2);
  end.close();
});

Deno.test("FramedConnection reads on after a failed write, and ends with its error", async () => {
  const { stream, end } = setUp();
  const error = new Deno.errors.BrokenPipe("gone");
  stream.writeError = error;
  end.connection.send("lost");
  await turns();
  assertEquals([end.ends, end.timesWritten], [[], 0]);
  end.connection.send("lost, too");
  await turns();
  stream.arrive(frames("said before it went"));
  stream.arriveEnd();
  assertStrictEquals(await end.ended(), error);
  assertEquals(end.texts, ["said before it went"]);
  assertEquals([stream.writes, stream.calls], [[], ["close"]]);
});

Deno.test("FramedConnection ends with the error of a failed read", async () => {
  const { stream, end } = setUp();
  stream.arrive(frames("before"));
  const error = new Deno.errors.ConnectionReset("reset");
  stream.arriveError(error);
  assertStrictEquals(await end.ended(), error);
  assertEquals([end.texts, stream.calls], [["before"], ["close"]]);
});

Deno.test("FramedConnection reads again where a read brought nothing", async () => {
  const { stream, end } = setUp();
  const bytes = frames("whole");
  for (const part of [bytes.subarray(0, 3), bytes.subarray(3)]) {
    stream.arrive(new Uint8Array(0));
    stream.arrive(part);
  }
  await end.received(1);
  assertEquals([end.texts, end.connection.receivedBytes], [["whole"], 9]);
  end.close();
});

Deno.test("FramedConnection ends as lost where the peer ends within a frame", async () => {
  for (const held of [1, 4, 8]) {
    const { stream, end } = setUp();
    stream.arrive(frames("whole"));
    stream.arrive(frames("cut off").subarray(0, held));
    stream.arriveEnd();
    const error = await end.ended();
    assertInstanceOf(error, DenomasError);
    assertStringIncludes(error.message, ` ${held} bytes`);
    assertEquals(end.texts, ["whole"]);
  }
});

Deno.test("FramedConnection ends with null where the peer ends between frames", async () => {
  for (const bytes of [frames(), frames("whole")]) {
    const { stream, end } = setUp();
    stream.arrive(bytes);
    stream.arriveEnd();
    assertEquals(await end.ended(), null);
    await turns();
    assertEquals([end.ends, end.tooLate], [[null], []]);
    assertEquals(stream.calls, ["close"]);
  }
});

Deno.test("FramedConnection delivers the frames before a bad one, and ends", async () => {
  const { stream, end } = setUp(10);
  stream.arrive(Uint8Array.from([
    ...frames("good"),
    ...frames("far too long"),
    ...frames("late"),
  ]));
  assertInstanceOf(await end.ended(), FrameTooLargeError);
  assertEquals([end.texts, stream.calls], [["good"], ["close"]]);
});

Deno.test("FramedConnection delivers nothing after a close from within a frame", async () => {
  const { stream, end } = setUp();
  end.onFrame = () => end.close();
  stream.arrive(frames("a", "b"));
  stream.arrive(frames("c"));
  await turns();
  assertEquals([end.texts, end.ends, end.tooLate], [["a"], [], []]);
  assertEquals(stream.calls, ["close"]);
});

Deno.test("FramedConnection delivers nothing that was read when it was closed", async () => {
  const { stream, end } = setUp();
  let delivered = 0;
  end.onFrame = () => void delivered++;
  await microtasks();
  stream.arrive(frames("late"));
  end.connection.close();
  await turns();
  assertEquals(delivered, 0);
  assertEquals(end.connection.receivedBytes, 0);
});

Deno.test("FramedConnection writes what is sent from within a frame before it ends its stream", async () => {
  const { stream, end } = setUp();
  end.onFrame = () => {
    end.connection.send("answer");
    end.connection.finish();
  };
  stream.arrive(frames("question"));
  await turns();
  assertEquals(stream.written, asText(frames("answer")));
  assertEquals(stream.calls, ["closeWrite"]);
  end.close();
});

Deno.test("FramedConnection ends its stream at once where nothing is queued", () => {
  const { stream, end } = setUp();
  end.connection.finish();
  end.connection.finish();
  assertEquals(stream.calls, ["closeWrite"]);
  end.close();
});

Deno.test("FramedConnection ends its stream after all that is queued", async () => {
  const { stream, end } = setUp();
  stream.holdsWrites = true;
  end.connection.send("first");
  await microtasks();
  end.connection.send("second");
  end.connection.finish();
  stream.takeWrite();
  await microtasks();
  assertEquals(stream.calls, []);
  stream.takeWrite();
  await turns();
  assertEquals(stream.written, asText(frames("first", "second")));
  assertEquals(stream.calls, ["closeWrite"]);
  end.connection.finish();
  stream.arrive(frames("still read"));
  await end.received(1);
  assertEquals(stream.calls, ["closeWrite"]);
  end.close();
});

Deno.test("FramedConnection ends with null although ending its stream failed", async () => {
  const { stream, end } = setUp();
  stream.closeWriteError = new Deno.errors.NotConnected("gone");
  end.connection.finish();
  await turns();
  stream.arriveEnd();
  assertEquals(await end.ended(), null);
});

Deno.test("FramedConnection does not end its stream after a failed write", async () => {
  const { stream, end } = setUp();
  stream.writeError = new Deno.errors.BrokenPipe("gone");
  end.connection.send("lost");
  end.connection.finish();
  await turns();
  assertEquals(stream.calls, []);
  end.close();
});

Deno.test("FramedConnection closes during a write that is pending", async () => {
  const { stream, end } = setUp();
  stream.holdsWrites = true;
  const first = end.connection.send("being written");
  await microtasks();
  const second = end.connection.send("queued");
  end.close();
  end.close();
  await turns();
  assertEquals([end.tooLate, end.ends, stream.calls], [[], [], ["close"]]);
  assertEquals(end.connection.queuedBytes, 0);
  assertEquals([end.connection.isSent(first), end.connection.isSent(second)], [
    true,
    false,
  ]);
});

Deno.test("FramedConnection writes nothing after a close, whenever it would have", async () => {
  const lone = setUp();
  const position = lone.end.connection.send("in the turn of the close");
  lone.end.close();
  await turns();
  assertEquals(lone.stream.writes, []);
  assertFalse(lone.end.connection.isSent(position));

  const burst = setUp();
  burst.end.onFrame = () => void burst.end.connection.send("answer");
  burst.stream.arrive(frames("1", "2", "3"));
  await microtasks();
  assertEquals(burst.end.frames.length, 3);
  burst.end.close();
  await turns();
  assertEquals(burst.stream.writes, []);

  const after = burst.end.connection.send("after the close");
  await turns();
  assertEquals(burst.stream.writes, []);
  assertFalse(burst.end.connection.isSent(after));
  assert(burst.end.connection.revoke(after));
});

Deno.test("FramedConnection tells nothing where a write ends after the close", async () => {
  const stream = new FakeStream();
  // A stream may complete a write that was pending when it was closed.
  const lateWrite = Promise.withResolvers<number>();
  stream.write = () => lateWrite.promise;
  const end = endOf(stream);
  end.connection.send("x");
  await microtasks();
  end.close();
  lateWrite.resolve(5);
  await turns();
  assertEquals([end.timesWritten, end.ends, end.tooLate], [0, [], []]);
  assertEquals(end.connection.queuedBytes, 0);
});

Deno.test("FramedConnection passes ref and unref on to its stream", () => {
  const { stream, end } = setUp();
  end.connection.unref();
  end.connection.ref();
  end.close();
  assertEquals(stream.calls, ["unref", "ref", "close"]);
});

/** Returns the names of the observed notifications while `act` runs. */
async function observing(act: () => Promise<void>): Promise<string[]> {
  const log: string[] = [];
  const stopObserving = observe({
    opened: (_, kind, describe) => log.push(`opened ${kind} ${describe()}`),
    owned: () => log.push("owned"),
    handed: () => log.push("handed"),
    closed: () => log.push("closed"),
    event: () => log.push("event"),
  });
  try {
    await act();
  } finally {
    stopObserving();
  }
  return log;
}

Deno.test("FramedConnection reports its lifetime once, however it ends", async () => {
  const deeds: Record<string, (setup: Setup) => void> = {
    close: ({ end }) => end.close(),
    end: ({ stream }) => stream.arriveEnd(),
    error: ({ stream }) => stream.arriveError(new Error("lost")),
    both: ({ stream, end }) => {
      stream.arriveEnd();
      end.close();
    },
  };
  for (const [deed, run] of Object.entries(deeds)) {
    const log = await observing(async () => {
      const setup = setUp();
      run(setup);
      await turns();
      setup.end.connection.close();
    });
    const wanted = ["opened connection fake://near to fake://far", "closed"];
    assertEquals(log, wanted, deed);
  }
});
