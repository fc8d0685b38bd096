/**
 * How a WebSocket handles each kind of frame that a peer may send. The cases
 * and their numbers are those of the Autobahn test suite. Its sections 9, 12
 * and 13, on speed and compression, are left out.
 */
import { assertEquals } from "@std/assert";
import { memoryStreams } from "../memory.ts";
import type { ByteStream } from "../transport.ts";
import { encodeClose, encodeMessage, OPCODE } from "./_frames.ts";
import { WebSocketStream } from "./_stream.ts";

const { continuation, text, binary, close, ping, pong } = OPCODE;
const MASK = new Uint8Array([0x37, 0xfa, 0x21, 0x3d]);

/** A frame that the peer sends. */
interface Sent {
  readonly opcode: number;
  readonly payload?: string | Uint8Array;
  /** Whether the message continues in another frame. */
  readonly isCut?: boolean;
  /** The reserved bits, as a number up to 7. */
  readonly reserved?: number;
}

/** The expected result: messages that are read, and frames sent in answer. */
interface Outcome {
  readonly messages?: readonly string[];
  readonly pongs?: readonly string[];
  /** The code of the close frame sent in answer. */
  readonly closed?: number | undefined;
}

type Case = readonly [number: string, frames: readonly Sent[], Outcome];

/** Returns a part of a message that continues. */
function cut(opcode: number, payload: string | Uint8Array = ""): Sent {
  return { opcode, payload, isCut: true };
}

/** Returns a message, or its last part. */
function end(opcode: number, payload: string | Uint8Array = ""): Sent {
  return { opcode, payload };
}

function closing(code: number, reason = ""): Sent {
  return end(close, encodeClose(code, reason));
}

function repeat(length: number): string {
  return "*".repeat(length);
}

const LENGTHS = [1, 125, 126, 127, 128, 65_535, 65_536];
const BAD = { closed: 1_002 };
const GOOD_CODES = [
  ...[1_000, 1_001, 1_002, 1_003, 1_007, 1_008, 1_009, 1_010, 1_011],
  ...[1_012, 1_013, 1_014, 3_000, 3_999, 4_000, 4_999],
];
const BAD_CODES = [
  ...[0, 999, 1_004, 1_005, 1_006, 1_015, 1_016, 1_100, 2_000, 2_999],
  ...[5_000, 65_535],
];
const hello = end(text, "Hello");
const bye = closing(1_000);
const done = { closed: 1_000 };

const CASES: readonly Case[] = [
  // Messages with all forms of length. An empty one ends a direction.
  ...LENGTHS.map((length, i): Case => [
    `1.1.${i + 2}`,
    [end(text, repeat(length)), bye],
    { messages: [repeat(length)], ...done },
  ]),
  // Pings.
  ["2.1", [end(ping), bye], { pongs: [""], ...done }],
  ["2.2", [end(ping, "Hello"), bye], { pongs: ["Hello"], ...done }],
  ["2.3", [end(ping, "\0\x7f"), bye], { pongs: ["\0\x7f"], ...done }],
  ["2.4", [end(ping, repeat(125)), bye], { pongs: [repeat(125)], ...done }],
  ["2.5", [end(ping, repeat(126)), bye], BAD],
  ["2.7", [end(pong), bye], done],
  ["2.8", [end(pong, "unasked"), bye], done],
  ["2.9", [end(pong, "a"), end(ping, "b"), bye], { pongs: ["b"], ...done }],
  // Reserved bits.
  ...[1, 2, 3, 4, 5, 6, 7].map((reserved): Case => [
    `3.${reserved}`,
    [hello, { ...hello, reserved }, hello],
    { messages: ["Hello"], ...BAD },
  ]),
  ["3.8", [{ ...end(ping), reserved: 1 }], BAD],
  ["3.9", [{ ...bye, reserved: 4 }], BAD],
  // Reserved opcodes.
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode): Case => [
    `4 ${opcode}`,
    [hello, end(opcode, "x"), hello],
    { messages: ["Hello"], ...BAD },
  ]),
  // Fragments.
  ["5.1", [cut(ping, "a"), end(continuation, "b")], BAD],
  ["5.2", [cut(pong, "a"), end(continuation, "b")], BAD],
  [
    "5.3",
    [cut(text, "Hel"), end(continuation, "lo"), bye],
    { messages: ["Hello"], ...done },
  ],
  [
    "5.6",
    [cut(text, "Hel"), end(ping, "?"), end(continuation, "lo"), bye],
    { messages: ["Hello"], pongs: ["?"], ...done },
  ],
  ["5.9", [end(continuation, "x"), hello], BAD],
  ["5.12", [cut(continuation, "x"), hello], BAD],
  [
    "5.15",
    [
      ...[cut(text, "Hel"), end(continuation, "lo")],
      ...[cut(continuation, "x"), hello],
    ],
    { messages: ["Hello"], ...BAD },
  ],
  ["5.18", [cut(text, "a"), end(text, "b")], BAD],
  [
    "5.19",
    [
      ...[cut(text, "a"), cut(continuation, "b"), end(ping, "1")],
      ...[cut(continuation), end(ping, "2"), end(continuation, "c"), bye],
    ],
    { messages: ["abc"], pongs: ["1", "2"], ...done },
  ],
  ["5.21", [cut(text, "a"), bye], done],
  // Texts.
  ["6.1.2", [cut(text), cut(continuation), end(continuation, "middle"), bye], {
    messages: ["middle"],
    ...done,
  }],
  ["6.2.1", [end(text, "Hello-µ@ßöäüàá-UTF-8!!"), bye], {
    messages: ["Hello-µ@ßöäüàá-UTF-8!!"],
    ...done,
  }],
  // A character split between two frames.
  [
    "6.2.3",
    [
      cut(text, new Uint8Array([0xce])),
      end(continuation, new Uint8Array([0xba])),
      bye,
    ],
    { messages: ["κ"], ...done },
  ],
  ...[
    // An overlong form, a surrogate, a code above U+10FFFF, partial characters.
    [0xc0, 0xaf],
    [0xe0, 0x80, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xed, 0xbf, 0xbf],
    [0xf4, 0x90, 0x80, 0x80],
    [0xf8, 0x88, 0x80, 0x80, 0x80],
    [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
    [0x80],
    [0xce],
    [0xe1, 0x80],
    [0xf0, 0x90, 0x80],
    [0xfe],
    [0xff],
  ].map((bytes, i): Case => [
    `6.3 to 6.21, ${i + 1}`,
    [hello, end(text, new Uint8Array([0x4b, ...bytes]))],
    { messages: ["Hello"], closed: 1_007 },
  ]),
  ...["\u{0}", "\u{7f}", "\u{7ff}", "\u{ffff}", "\u{10000}", "\u{10ffff}"].map((
    it,
    i,
  ): Case => [
    `6.6 to 6.9, ${i + 1}`,
    [end(text, it), bye],
    { messages: [it], ...done },
  ]),
  // Closing.
  ["7.1.1", [hello, bye], { messages: ["Hello"], ...done }],
  ["7.1.2", [bye, bye], done],
  ["7.1.3", [bye, end(ping, "late")], done],
  ["7.1.4", [bye, hello], done],
  ["7.1.5", [cut(text, "a"), bye, end(continuation, "b")], done],
  ["7.3.1", [end(close)], done],
  ["7.3.2", [end(close, "\x03")], BAD],
  ["7.3.3", [closing(1_000)], done],
  ["7.3.4", [closing(1_000, "Bye")], done],
  ["7.3.5", [closing(1_000, repeat(123))], done],
  ["7.3.6", [end(close, `\x03\xe8${repeat(123)}`)], BAD],
  ["7.5.1", [end(close, new Uint8Array([3, 0xe8, 0xce, 0xff]))], {
    closed: 1_007,
  }],
  ...GOOD_CODES.map((code): Case => [`7.7 ${code}`, [closing(code)], done]),
  ...BAD_CODES.map((code): Case => [`7.9 ${code}`, [closing(code)], BAD]),
  // Bytes, although text was agreed on.
  ["1.2", [hello, end(binary, "x")], { messages: ["Hello"], closed: 1_003 }],
];

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function encode(
  { opcode, payload = "", isCut, reserved = 0 }: Sent,
): Uint8Array<ArrayBuffer> {
  const bytes = typeof payload === "string" ? encoder.encode(payload) : payload;
  const frame = encodeMessage(opcode, bytes, MASK);
  if (isCut) frame[0]! &= 0x7f;
  frame[0]! |= reserved << 4;
  return new Uint8Array(frame);
}

async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0;) {
    rest = rest.subarray(await stream.write(rest));
  }
}

/** Reads until the end, or an error. */
async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  const into = new Uint8Array(64 * 1_024);
  for (;;) {
    const read = await stream.read(into).catch(() => null);
    if (read === null) return await new Blob(chunks).bytes();
    chunks.push(into.slice(0, read));
  }
}

/** Returns the messages in a byte stream, in which each has a length. */
function messagesIn(bytes: Uint8Array): string[] {
  const messages: string[] = [];
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length;) {
    const next = at + 4 + view.getUint32(at);
    messages.push(decoder.decode(bytes.subarray(at + 4, next)));
    at = next;
  }
  return messages;
}

/** Returns the frames that a server sent, all of them short control frames. */
function answersIn(bytes: Uint8Array): Outcome {
  const pongs: string[] = [];
  let closed: number | undefined;
  for (let at = 0; at < bytes.length;) {
    const next = at + 2 + bytes[at + 1]!;
    const payload = bytes.subarray(at + 2, next);
    if (bytes[at] === (0x80 | pong)) pongs.push(decoder.decode(payload));
    else if (bytes[at] === (0x80 | close)) {
      closed = payload[0]! * 256 + payload[1]!;
    }
    at = next;
  }
  return { pongs, closed };
}

for (const [number, frames, { messages = [], pongs = [], closed }] of CASES) {
  for (const step of [Infinity, 1]) {
    const how = step === 1 ? ", a byte at a time" : "";
    Deno.test(`WebSocket case ${number}${how}`, async () => {
      const [near, far] = memoryStreams();
      const socket = new WebSocketStream(near, {
        role: "server",
        isText: true,
        maxMessageBytes: 2 ** 20,
        rest: new Uint8Array(0),
      });
      const reading = readAll(socket);
      const answering = readAll(far);
      const bytes = await new Blob(frames.map((it) => encode(it))).bytes();
      const isLong = bytes.length > 10_000;
      for (let at = 0; at < bytes.length;) {
        const next = step === 1 && !isLong ? at + 1 : bytes.length;
        // After a violation it reads no more.
        await writeAll(far, bytes.subarray(at, next)).catch(() => {});
        at = next;
      }
      await far.closeWrite();
      assertEquals(messagesIn(await reading), [...messages]);
      socket.close();
      const answers = answersIn(await answering);
      assertEquals(answers, { pongs: [...pongs], closed });
    });
  }
}
