import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertLess,
  assertLessOrEqual,
  assertNotStrictEquals,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { areSameBytes, assertSameFrames } from "../fixtures/bytes.ts";
import {
  randomBytes,
  randomInteger,
  seededRandom,
} from "../../testing/network/random.ts";
import { FrameTooLargeError, ProtocolError } from "../errors.ts";
import { spareBuffers } from "./_spare_buffers.ts";
import { encodeFrame, FrameDecoder } from "./frame.ts";
import { FrameQueue } from "./frame_queue.ts";

const MIB = 1024 * 1024;
const LIMIT = 16 * MIB;

/** Taken from aiomas 2.0.1: the length in hex, and the payload. */
const GOLDEN_FRAMES: readonly (readonly [string, string])[] = [
  ["00000036", '[0, 1, ["my_func", ["hello", "world"], {"times": 23}]]'],
  ["0000001a", '[1, 1, "the return value"]'],
  ["00000029", '[2, 1, "Error in your code line 23: ..."]'],
  ["00000022", '[0, 0, ["sub/add", [1], {"b": 2}]]'],
  ["00000009", "[1, 0, 3]"],
  ["00000023", '[0, 0, ["validate_aid", ["0"], {}]]'],
  ["0000000b", '[1, 0, "A"]'],
  ["0000000c", "[1, 0, null]"],
  ["0000001f", '[0, 1, ["agents/0/me", [], {}]]'],
];

/** The same in MessagePack. */
const GOLDEN_MSGPACK_FRAMES: readonly string[] = [
  "00000012 93 00 00 93 a7 7375622f616464 91 01 81 a1 62 02",
  "00000004 93 01 00 03",
];

function fromHex(hex: string): Uint8Array {
  const digits = hex.replaceAll(" ", "").match(/../g) ?? [];
  return Uint8Array.from(digits, (byte) => parseInt(byte, 16));
}

function fromText(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    parts.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Reads as much of `bytes` as there is space for. */
function feed(decoder: FrameDecoder, bytes: Uint8Array): number {
  const space = decoder.space();
  const part = bytes.subarray(0, space.length);
  space.set(part);
  decoder.filled(part.length);
  return part.length;
}

function takeAll(decoder: FrameDecoder): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let frame = decoder.next();
  while (frame !== null) {
    frames.push(frame.slice());
    frame = decoder.next();
  }
  return frames;
}

/** Feeds `bytes` in parts, whose lengths `partLength` returns. */
function decode(
  decoder: FrameDecoder,
  bytes: Uint8Array,
  partLength: () => number,
): Uint8Array[] {
  const frames: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length) {
    at += feed(decoder, bytes.subarray(at, at + partLength()));
    frames.push(...takeAll(decoder));
  }
  return frames;
}

/** Returns the frames of `count` random payloads, and the payloads. */
function randomStream(seed: number, count: number, longest: number) {
  const random = seededRandom(seed);
  const payloads = Array.from(
    { length: count },
    () => randomBytes(random, randomInteger(random, 1, longest)),
  );
  return { random, payloads, bytes: concat(payloads.map(encodeFrame)) };
}

Deno.test("encodeFrame makes the golden frames", () => {
  for (const [length, payload] of GOLDEN_FRAMES) {
    const wanted = concat([fromHex(length), fromText(payload)]);
    assertEquals(encodeFrame(payload), wanted);
    assertEquals(encodeFrame(fromText(payload)), wanted);
  }
});

Deno.test("encodeFrame refuses an empty payload", () => {
  assertThrows(() => encodeFrame(""), RangeError);
  assertThrows(() => encodeFrame(new Uint8Array(0)), RangeError);
});

Deno.test("FrameDecoder reads the golden frames", () => {
  const bytes = concat([
    ...GOLDEN_FRAMES.map(([length, payload]) =>
      concat([fromHex(length), fromText(payload)])
    ),
    ...GOLDEN_MSGPACK_FRAMES.map(fromHex),
  ]);
  const frames = decode(new FrameDecoder(LIMIT), bytes, () => bytes.length);
  assertEquals(frames, [
    ...GOLDEN_FRAMES.map(([_, payload]) => fromText(payload)),
    ...GOLDEN_MSGPACK_FRAMES.map((hex) => fromHex(hex).subarray(4)),
  ]);
});

Deno.test("FrameQueue writes the golden frames", () => {
  const queue = new FrameQueue(LIMIT);
  for (const [_, payload] of GOLDEN_FRAMES) queue.push(payload);
  for (const hex of GOLDEN_MSGPACK_FRAMES) queue.push(fromHex(hex).subarray(4));
  assertEquals(
    queue.take(),
    concat([
      ...GOLDEN_FRAMES.map(([length, payload]) =>
        concat([fromHex(length), fromText(payload)])
      ),
      ...GOLDEN_MSGPACK_FRAMES.map(fromHex),
    ]),
  );
});

Deno.test("FrameDecoder finds the same frames wherever the stream is split", () => {
  const { payloads, bytes } = randomStream(1, 12, 40);
  for (let split = 0; split <= bytes.length; split++) {
    const decoder = new FrameDecoder(LIMIT);
    const frames = [
      ...decode(decoder, bytes.subarray(0, split), () => bytes.length),
      ...decode(decoder, bytes.subarray(split), () => bytes.length),
    ];
    assertEquals(frames, payloads);
    assertEquals(decoder.heldBytes, 0);
  }
});

Deno.test("FrameDecoder reads a stream byte by byte", () => {
  const { payloads, bytes } = randomStream(2, 20, 6_000);
  assertSameFrames(
    decode(new FrameDecoder(LIMIT), bytes, () => 1),
    payloads,
  );
});

Deno.test("FrameDecoder reads a stream in parts of random lengths", () => {
  for (let seed = 0; seed < 30; seed++) {
    const longest = 10 ** (1 + seed % 5);
    const { random, payloads, bytes } = randomStream(seed, 30, longest);
    const decoder = new FrameDecoder(LIMIT);
    const frames = decode(
      decoder,
      bytes,
      () => randomInteger(random, 1, 2 * longest),
    );
    assertSameFrames(frames, payloads);
    assertEquals(decoder.heldBytes, 0);
  }
});

Deno.test("FrameDecoder tells how much of an unfinished frame it holds", () => {
  const decoder = new FrameDecoder(LIMIT);
  const frame = encodeFrame("hello");
  feed(decoder, concat([frame, frame.subarray(0, 6)]));
  assertEquals(decoder.heldBytes, 15);
  assertEquals(takeAll(decoder).length, 1);
  assertEquals(decoder.heldBytes, 6);
});

Deno.test("FrameDecoder refuses an empty frame", () => {
  const decoder = new FrameDecoder(LIMIT);
  feed(decoder, concat([encodeFrame("ok"), new Uint8Array(4)]));
  assertEquals(decoder.next(), fromText("ok"));
  const error = assertThrows(() => decoder.next(), ProtocolError);
  assertStringIncludes(error.message, "empty");
});

Deno.test("FrameDecoder names what a peer of another protocol sent", () => {
  const strangers: [Uint8Array, string][] = [
    [fromText("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "'GET "],
    [fromText("HTTP/1.1 400 Bad Request\r\n"), "'HTTP"],
    [fromText("\r\n\r\n"), "'\\r\\n\\r\\n"],
    [fromText("SSH-2.0-OpenSSH_9.6\r\n"), "'SSH-"],
    [fromHex("16030100 f8010000"), "TLS"],
    [fromHex("16030300 f8010000"), "TLS"],
    [fromHex("15030300 02022800"), "it wants TLS"],
  ];
  for (const [bytes, name] of strangers) {
    const decoder = new FrameDecoder(LIMIT);
    feed(decoder, bytes);
    const error = assertThrows(() => decoder.next(), ProtocolError);
    assertStringIncludes(error.message, name);
  }
});

Deno.test("FrameDecoder takes a frame whose length looks like text, if it is allowed", () => {
  const decoder = new FrameDecoder(0xffff_ffff);
  feed(decoder, fromText("GET "));
  assertEquals(decoder.next(), null);
});

Deno.test("FrameDecoder refuses a length over the limit before it takes memory", () => {
  for (
    const [hex, bytes] of [["ffffffff", 2 ** 32 - 1], [
      "01000001",
      LIMIT + 1,
    ]] as const
  ) {
    const decoder = new FrameDecoder(LIMIT);
    const before = decoder.space();
    before.set(fromHex(hex));
    decoder.filled(4);
    const error = assertThrows(() => decoder.next(), FrameTooLargeError);
    assertEquals([error.bytes, error.limitBytes], [bytes, LIMIT]);
    assertStrictEquals(decoder.space().buffer, before.buffer);
  }
});

Deno.test("FrameDecoder takes a frame of exactly the limit", () => {
  const decoder = new FrameDecoder(10);
  feed(decoder, encodeFrame("0123456789"));
  assertEquals(decoder.next(), fromText("0123456789"));
  feed(decoder, encodeFrame("0123456789a"));
  assertThrows(() => decoder.next(), FrameTooLargeError);
});

Deno.test("FrameDecoder holds 512 bytes until more arrive at once, and then 4 KiB", () => {
  const burst = concat(Array(50).fill(encodeFrame("sixes!")));
  for (const last of ["12345678", "123456789"]) {
    const decoder = new FrameDecoder(LIMIT);
    for (const bytes of [encodeFrame("short"), burst]) {
      assertEquals(decoder.space().buffer.byteLength, 512);
      feed(decoder, bytes);
      takeAll(decoder);
    }
    // A whole frame or a part of one fills the buffer to its last byte.
    feed(decoder, concat([burst, encodeFrame(last)]));
    takeAll(decoder);
    assertEquals(decoder.space().buffer.byteLength, 4_096);
  }
});

Deno.test("FrameDecoder takes no memory for a length that is only claimed", () => {
  const decoder = new FrameDecoder(LIMIT);
  feed(decoder, fromHex("01000000"));
  assertEquals(decoder.next(), null);
  assertEquals(decoder.space().buffer.byteLength, 512);
});

Deno.test("FrameDecoder holds at most eight times what arrived of a frame", () => {
  const decoder = new FrameDecoder(LIMIT);
  const frame = encodeFrame(new Uint8Array(LIMIT));
  let arrived = 0;
  let held = 0;
  while (arrived < frame.length) {
    const bytes = decoder.space().buffer.byteLength;
    // New memory is up to four times as long; a spare buffer up to eight times.
    assertLessOrEqual(bytes, Math.max(4_096, 8 * arrived));
    assertLessOrEqual(held, bytes);
    held = bytes;
    arrived += feed(decoder, frame.subarray(arrived, arrived + 3_000));
    if (arrived < frame.length) assertEquals(decoder.next(), null);
  }
  assertEquals(held, frame.length);
  assertEquals(decoder.next()!.length, LIMIT);
});

Deno.test("FrameDecoder reads a frame at once after one as long", () => {
  const decoder = new FrameDecoder(LIMIT);
  const frame = encodeFrame(new Uint8Array(MIB));
  const reads = () => {
    let reads = 0;
    for (let at = 0; at < frame.length; reads++) {
      assertEquals(decoder.next(), null);
      at += feed(decoder, frame.subarray(at, at + decoder.space().length));
    }
    assertEquals(decoder.next()!.length, MIB);
    return reads;
  };
  assert(reads() > 4);
  assertEquals(reads(), 2);
  feed(decoder, encodeFrame("short"));
  assertEquals(takeAll(decoder).length, 1);
  assert(reads() > 4);
});

Deno.test("FrameDecoder holds 4 KiB again after a large frame", () => {
  const decoder = new FrameDecoder(LIMIT);
  const frame = encodeFrame(new Uint8Array(MIB));
  assertEquals(decode(decoder, frame, () => frame.length).length, 1);
  assertEquals(decoder.space().buffer.byteLength, 4_096);
});

Deno.test("FrameDecoder holds 4 KiB again after a burst that filled its buffer", () => {
  const decoder = new FrameDecoder(LIMIT);
  const frame = encodeFrame(new Uint8Array(252));
  const burst = concat(Array(4 * 256).fill(frame));
  assertEquals(decode(decoder, burst, () => 65_536).length, 4 * 256);
  assertEquals(decoder.heldBytes, 0);
  assertEquals(decoder.space().buffer.byteLength, 4_096);
});

Deno.test("FrameDecoder reads up to 64 KiB at once while small frames pour in", () => {
  // Spare buffers of other tests may be up to twice as long.
  for (let n = 0; n < 64; n++) spareBuffers.take(65_536);
  const decoder = new FrameDecoder(LIMIT);
  const burst = concat(Array(5_000).fill(encodeFrame(new Uint8Array(99))));
  let largest = 0;
  const frames = decode(decoder, burst, () => {
    largest = Math.max(largest, decoder.space().buffer.byteLength);
    return burst.length;
  });
  assertEquals(frames.length, 5_000);
  assertEquals(largest, 65_536);
});

Deno.test("FrameDecoder reuses its buffer from read to read", () => {
  const decoder = new FrameDecoder(LIMIT);
  const { buffer } = decoder.space();
  for (let n = 0; n < 1_000; n++) {
    feed(decoder, encodeFrame(`frame ${n}`));
    assertEquals(takeAll(decoder).length, 1);
    assertStrictEquals(decoder.space().buffer, buffer);
  }
});

Deno.test("FrameDecoder never offers an empty space", () => {
  for (let seed = 0; seed < 20; seed++) {
    const { random, bytes } = randomStream(seed, 50, 9_000);
    const decoder = new FrameDecoder(LIMIT);
    for (let at = 0; at < bytes.length;) {
      const space = decoder.space();
      assert(space.length > 0);
      const most = random() < 0.5 ? space.length : 100;
      at += feed(decoder, bytes.subarray(at, at + most));
      takeAll(decoder);
    }
  }
});

Deno.test("FrameDecoder meets 100,000 broken frames with its own errors only", () => {
  const random = seededRandom(4);
  const limit = 2_000;
  for (let run = 0; run < 100_000; run++) {
    const decoder = new FrameDecoder(limit);
    const bytes = brokenFrames(random);
    try {
      for (
        const frame of decode(
          decoder,
          bytes,
          () => randomInteger(random, 1, 600),
        )
      ) {
        assert(frame.length > 0 && frame.length <= limit);
      }
      assertLess(decoder.heldBytes, limit + 4);
    } catch (error) {
      if (error instanceof FrameTooLargeError) {
        assert(error.bytes > limit);
      } else {
        assertInstanceOf(error, ProtocolError);
      }
    }
    assertLessOrEqual(decoder.space().buffer.byteLength, 16_384);
  }
});

/** Returns frames with changed, lost or added bytes, or only random bytes. */
function brokenFrames(random: () => number): Uint8Array {
  if (random() < 0.1) return randomBytes(random, randomInteger(random, 1, 64));
  const count = randomInteger(random, 1, 4);
  const bytes = concat(Array.from(
    { length: count },
    () => encodeFrame(new Uint8Array(randomInteger(random, 1, 300)).fill(0x20)),
  ));
  for (let flips = randomInteger(random, 0, 3); flips > 0; flips--) {
    const at = randomInteger(random, 0, bytes.length - 1);
    bytes[random() < 0.5 ? at % 4 : at] = randomInteger(random, 0, 255);
  }
  if (random() < 0.3) return bytes.subarray(randomInteger(random, 0, 3));
  if (random() < 0.3) {
    return bytes.subarray(0, randomInteger(random, 1, bytes.length));
  }
  return bytes;
}

Deno.test("FrameQueue gives everything since the last take as one run", () => {
  const queue = new FrameQueue(LIMIT);
  assertEquals(queue.take(), null);
  queue.push("a");
  queue.push(new Uint8Array([1, 2]));
  assertEquals(queue.bytes, 11);
  const first = queue.take();
  assertEquals(first, fromHex("00000001 61 00000002 01 02"));
  assertEquals(queue.bytes, 0);
  queue.push("b");
  queue.release();
  assertEquals(queue.take(), fromHex("00000001 62"));
  queue.release();
  assertEquals(queue.take(), null);
});

Deno.test("FrameQueue leaves what was taken alone until it is released", () => {
  const queue = new FrameQueue(LIMIT);
  queue.push("first");
  const taken = queue.take()!;
  const copy = taken.slice();
  for (let n = 0; n < 100; n++) queue.push(`later ${n}`);
  assertEquals(taken, copy);
});

Deno.test("FrameQueue uses small buffers again, and drops large ones", () => {
  const queue = new FrameQueue(LIMIT);
  const buffers = new Set<ArrayBufferLike>();
  for (let n = 0; n < 100; n++) {
    queue.push(`frame ${n}`);
    const taken = queue.take()!;
    queue.push(`while it is written ${n}`);
    buffers.add(taken.buffer);
    queue.release();
    buffers.add(queue.take()!.buffer);
    queue.release();
  }
  assertEquals(buffers.size, 2);

  queue.push(new Uint8Array(MIB));
  const large = queue.take()!.buffer;
  queue.release();
  queue.push("small");
  assertNotStrictEquals(queue.take()!.buffer, large);
});

Deno.test("FrameQueue keeps no large buffer for frames that were never sent", () => {
  const revoked = new FrameQueue(LIMIT);
  revoked.revoke(revoked.push(new Uint8Array(MIB)));
  assertEquals(revoked.take(), null);
  revoked.push("small");
  assertLessOrEqual(revoked.take()!.buffer.byteLength, 4_096);

  const refused = new FrameQueue(MIB);
  assertThrows(() => refused.push("語".repeat(MIB)), FrameTooLargeError);
  refused.push("small");
  assertLessOrEqual(refused.take()!.buffer.byteLength, 4_096);

  const cleared = new FrameQueue(LIMIT);
  cleared.push(new Uint8Array(MIB));
  cleared.clear();
  cleared.push("small");
  assertLessOrEqual(cleared.take()!.buffer.byteLength, 4_096);
});

Deno.test("FrameQueue encodes text as TextEncoder does, whatever its length", () => {
  const queue = new FrameQueue(LIMIT);
  const random = seededRandom(5);
  const alphabets = ["a", "é", "語", "😀", "\ud83d", "aé語😀\ude00\ud83d"];
  for (let run = 0; run < 300; run++) {
    const units = [...alphabets[run % alphabets.length]!];
    const length = randomInteger(random, 1, run % 10 === 0 ? 9_000 : 1_500);
    let text = random() < 0.3 ? "a".repeat(1_024) : "";
    for (let n = 0; n < length; n++) {
      text += units[randomInteger(random, 0, units.length - 1)];
    }
    queue.push(text);
    assert(areSameBytes(queue.take()!, encodeFrame(text)), `run ${run}`);
    queue.release();
  }
});

Deno.test("FrameQueue counts the bytes of UTF-8 against the limit, not of units", () => {
  const queue = new FrameQueue(6);
  const position = queue.push("éèê");
  const error = assertThrows(() => queue.push("éèêa"), FrameTooLargeError);
  assertEquals([error.bytes, error.limitBytes], [7, 6]);
  assertThrows(() => queue.push(new Uint8Array(7)), FrameTooLargeError);
  assertEquals([position, queue.bytes], [0, 10]);
  assertEquals(queue.take(), encodeFrame("éèê"));
});

Deno.test("FrameQueue forgets what it cleared and never counts it as taken", () => {
  const queue = new FrameQueue(LIMIT);
  const taken = queue.push("taken");
  queue.take();
  const lost = queue.push("lost");
  queue.revoke(queue.push("revoked"));
  queue.clear();
  assertEquals(queue.bytes, 0);
  assertEquals(queue.take(), null);
  assertEquals([queue.isTaken(taken), queue.isTaken(lost)], [true, false]);
});

/** A frame, as the model of the next test represents it. */
interface ModelFrame {
  readonly payload: Uint8Array;
  readonly position: number;
  state: "waiting" | "revoked" | "taken";
}

/** Takes payloads back, each once. */
class FakeOwner {
  readonly released = new Set<Uint8Array>();

  release(payload: Uint8Array): void {
    assertFalse(this.released.has(payload));
    this.released.add(payload);
  }
}

/** The shortest length of a payload that is not copied. */
const LARGE = 128 * 1024;

Deno.test("FrameQueue lends large payloads, and gives them back when they are released", () => {
  const queue = new FrameQueue(LIMIT);
  const owner = new FakeOwner();
  const small = new Uint8Array([1]);
  const large = new Uint8Array(LARGE).fill(2);
  queue.push(small, owner);
  assertEquals([...owner.released], [small]);
  const position = queue.push(large, owner);
  queue.push("3");
  assertEquals(queue.bytes, 5 + 4 + LARGE + 5);
  const header = new Uint8Array([0, 2, 0, 0]);
  assertEquals(queue.take(), concat([encodeFrame(small), header]));
  // From here on the payload must be sent, since its header was.
  assert(queue.isTaken(position));
  assertFalse(queue.revoke(position));
  assertEquals([queue.bytes, queue.hasLarge], [LARGE + 5, true]);
  queue.release();
  assertStrictEquals(queue.take(), large);
  assertFalse(owner.released.has(large));
  assertEquals([queue.bytes, queue.hasLarge], [5, false]);
  queue.release();
  assert(owner.released.has(large));
  assertEquals(queue.take(), encodeFrame("3"));
});

Deno.test("FrameQueue gives back large payloads that were revoked or cleared", () => {
  const queue = new FrameQueue(LIMIT);
  const owner = new FakeOwner();
  const [revoked, cut, cleared] = [1, 2, 3].map(() => new Uint8Array(LARGE));
  queue.revoke(queue.push(revoked!, owner));
  assertEquals(queue.bytes, 0);
  queue.push(cut!, owner);
  queue.push(cleared!, owner);
  assertEquals(queue.take()?.length, 4);
  assertEquals([...owner.released], [revoked!]);
  queue.clear();
  assertEquals([...owner.released], [revoked!, cut!, cleared!]);
  assertEquals([queue.bytes, queue.hasLarge, queue.take()], [0, false, null]);
});

Deno.test("FrameQueue behaves as a plain list under random pushes, revokes and takes", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = seededRandom(seed);
    const model = new Model();
    for (let step = 0; step < 100; step++) {
      const dice = random();
      if (dice < 0.02) {
        const length = randomInteger(random, LARGE, LARGE + 9);
        model.push(randomBytes(random, length));
      } else if (dice < 0.5) {
        model.push(randomBytes(random, randomInteger(random, 1, 80)));
      } else if (dice < 0.85 && model.frames.length > 0) {
        const last = model.frames.length - 1;
        const recent = Math.max(0, last - 11);
        model.revoke(model.frames[randomInteger(random, recent, last)]!);
      } else {
        model.take();
      }
      model.check();
    }
    model.finish();
  }
});

/** A queue, and the frames that it should hold. */
class Model {
  readonly frames: ModelFrame[] = [];
  readonly #queue = new FrameQueue(LIMIT);
  readonly #owner = new FakeOwner();
  readonly #written: Uint8Array[] = [];

  push(payload: Uint8Array): void {
    const position = this.#queue.push(payload, this.#owner);
    this.frames.push({ payload, position, state: "waiting" });
  }

  revoke(frame: ModelFrame): void {
    const queue = this.#queue;
    // A revoked position counts as taken once the other frames are taken.
    if (frame.state === "revoked" && queue.isTaken(frame.position)) return;
    assertEquals(queue.revoke(frame.position), frame.state !== "taken");
    if (frame.state === "waiting") frame.state = "revoked";
  }

  /** Takes a run and releases it. Returns whether there was a run. */
  take(): boolean {
    const isLast = !this.#queue.hasLarge;
    const waiting = this.#in("waiting");
    const run = this.#queue.take();
    for (const frame of waiting) {
      if (this.#queue.isTaken(frame.position)) frame.state = "taken";
    }
    // No frame overtakes another.
    const order = waiting.map(({ state }) => state);
    assertEquals(order, order.toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0));
    if (isLast) assertEquals(this.#in("waiting").length, 0);
    if (run === null) return false;
    this.#written.push(run.slice());
    this.#queue.release();
    return true;
  }

  check(): void {
    const taken = sizeOf(this.#in("taken")) - concat(this.#written).length;
    assertEquals(this.#queue.bytes, sizeOf(this.#in("waiting")) + taken);
    for (const { position } of this.#in("waiting")) {
      assertFalse(this.#queue.isTaken(position));
    }
  }

  finish(): void {
    while (this.take());
    const frames = this.#in("taken").map(({ payload }) => encodeFrame(payload));
    assert(areSameBytes(concat(this.#written), concat(frames)));
    assertEquals(this.#owner.released.size, this.frames.length);
  }

  #in(wanted: ModelFrame["state"]): ModelFrame[] {
    return this.frames.filter(({ state }) => state === wanted);
  }
}

function sizeOf(frames: readonly ModelFrame[]): number {
  return frames.reduce((sum, { payload }) => sum + 4 + payload.length, 0);
}

Deno.test("FrameQueue shares small buffers, but none that is being written or waits", () => {
  const [one, other] = [new FrameQueue(LIMIT), new FrameQueue(LIMIT)];
  one.push("written");
  const written = one.take()!;
  one.push("waits");
  other.push("other");
  const buffers = new Set([written.buffer, other.take()!.buffer]);
  one.release();
  buffers.add(one.take()!.buffer);
  assertEquals(buffers.size, 3);
  other.release();
  other.push("again");
  assert(buffers.has(other.take()!.buffer));
});
