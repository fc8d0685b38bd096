import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { seededRandom } from "../../testing/network/random.ts";
import { FrameTooLargeError } from "../errors.ts";
import {
  applyMask,
  closeCodeOf,
  encodeClose,
  encodeMessage,
  OPCODE,
  type Part,
  WebSocketDecoder,
  WebSocketViolation,
} from "./_frames.ts";

const MASK = new Uint8Array([0x12, 0x34, 0x56, 0x78]);

/** Copies the parts in `bytes`, which arrive `step` bytes at a time. */
function partsOf(
  bytes: Uint8Array,
  { step = bytes.length, isMasked = false, maxMessageBytes = 2 ** 20 } = {},
): Part[] {
  const rest = new Uint8Array(0);
  const decoder = new WebSocketDecoder({ isMasked, maxMessageBytes, rest });
  const parts: Part[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = decoder.space();
    const chunk = bytes.subarray(at, at + Math.min(step, space.length));
    space.set(chunk);
    decoder.filled(chunk.length);
    at += chunk.length;
    for (let part; (part = decoder.next()) !== null;) {
      parts.push(
        "bytes" in part ? { ...part, bytes: part.bytes.slice() } : part,
      );
    }
  }
  return parts;
}

/** Returns all data in `parts`. */
function dataOf(parts: readonly Part[]): number[] {
  return parts.flatMap((part) => part.kind === "data" ? [...part.bytes] : []);
}

/** Returns a frame of these two bytes and the bytes that follow. */
function frame(first: number, second: number, ...rest: number[]): Uint8Array {
  return new Uint8Array([first, second, ...rest]);
}

Deno.test("encodeMessage writes the frames of RFC 6455, 5.7", () => {
  const hello = new TextEncoder().encode("Hello");
  assertEquals(
    encodeMessage(OPCODE.text, hello, null),
    frame(0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f),
  );
  const mask = new Uint8Array([0x37, 0xfa, 0x21, 0x3d]);
  assertEquals(
    encodeMessage(OPCODE.text, hello, mask),
    frame(0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58),
  );
  const long = encodeMessage(OPCODE.binary, new Uint8Array(256), null);
  assertEquals([...long.subarray(0, 4)], [0x82, 0x7e, 0x01, 0x00]);
  const longer = encodeMessage(OPCODE.binary, new Uint8Array(65_536), null);
  assertEquals(
    [...longer.subarray(0, 10)],
    [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0],
  );
});

Deno.test("WebSocketDecoder reads what encodeMessage writes, however it is cut", () => {
  const random = seededRandom(1);
  for (const length of [0, 1, 125, 126, 127, 4_096, 65_535, 65_536, 70_001]) {
    const payload = Uint8Array.from({ length }, () => random() * 256);
    for (const mask of [null, MASK]) {
      const bytes = encodeMessage(OPCODE.binary, payload, mask);
      for (const step of [1, 7, 4_096, bytes.length]) {
        if (step === 1 && length > 5_000) continue;
        const isMasked = mask !== null;
        const parts = partsOf(bytes, { step, isMasked });
        assertEquals(dataOf(parts), [...payload]);
        const last = parts.at(-1)!;
        assert(last.kind === "data" && last.isLast);
        assertEquals(last.isEmpty, length === 0);
      }
    }
  }
});

Deno.test("WebSocketDecoder joins fragments, with control frames between them", () => {
  const bytes = new Uint8Array([
    ...frame(0x01, 0x02, 0x61, 0x62),
    ...encodeMessage(OPCODE.ping, new Uint8Array([9]), null),
    ...frame(0x00, 0x00),
    ...frame(0x00, 0x01, 0x63),
    ...encodeMessage(OPCODE.pong, new Uint8Array(0), null),
    ...frame(0x80, 0x01, 0x64),
    ...encodeMessage(OPCODE.close, encodeClose(1_000, "bye"), null),
  ]);
  for (let step = 1; step <= bytes.length; step++) {
    const parts = partsOf(bytes, { step });
    assertEquals(dataOf(parts), [0x61, 0x62, 0x63, 0x64]);
    const kinds = parts.filter(({ kind }) => kind !== "data");
    assertEquals(kinds, [
      { kind: "ping", bytes: new Uint8Array([9]) },
      { kind: "pong" },
      { kind: "close", code: 1_000, reason: "bye" },
    ]);
    const lasts = parts.filter((part) => part.kind === "data" && part.isLast);
    assertEquals(lasts.length, 1);
  }
});

const VIOLATIONS: readonly [what: string, bytes: Uint8Array, code?: number][] =
  [
    ["a reserved bit", frame(0xc2, 0x00)],
    ["the second reserved bit", frame(0xa2, 0x00)],
    ["the third reserved bit", frame(0x92, 0x00)],
    ...[3, 4, 5, 6, 7, 11, 12, 15].map((opcode) =>
      [`opcode ${opcode}`, frame(0x80 | opcode, 0x00)] as [string, Uint8Array]
    ),
    ["a mask of a server", frame(0x82, 0x80, 0, 0, 0, 0)],
    ["a cut ping", frame(0x09, 0x00)],
    ["a long ping", frame(0x89, 0x7e, 0x00, 0x7e)],
    ["a fragment of nothing", frame(0x80, 0x00)],
    [
      "a message within another",
      new Uint8Array([...frame(0x02, 0x01, 1), ...frame(0x82, 0x01, 2)]),
    ],
    [
      "a length with its highest bit",
      frame(0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0),
    ],
    ["half a close code", frame(0x88, 0x01, 0x03)],
    ...[0, 999, 1_004, 1_005, 1_006, 1_015, 1_016, 2_999, 5_000, 65_535]
      .map((code) =>
        [
          `close code ${code}`,
          frame(0x88, 0x02, code >> 8, code & 0xff),
        ] as [string, Uint8Array]
      ),
    ["a reason that is no UTF-8", frame(0x88, 0x03, 0x03, 0xe8, 0xff), 1_007],
  ];

for (const [what, bytes, code = 1_002] of VIOLATIONS) {
  Deno.test("encodeClose cuts a long reason between two characters", () => {
    const payload = encodeClose(1_000, "é".repeat(100));
    const decoder = new TextDecoder("utf-8", { fatal: true });
    assertEquals(decoder.decode(payload.subarray(2)), "é".repeat(61));
  });

  Deno.test(`WebSocketDecoder refuses ${what}`, () => {
    for (const step of [1, bytes.length]) {
      const error = assertThrows(
        () => partsOf(bytes, { step }),
        WebSocketViolation,
      );
      assertEquals(closeCodeOf(error), code);
    }
  });
}

Deno.test("WebSocketDecoder refuses a client that does not mask", () => {
  const bytes = encodeMessage(OPCODE.binary, new Uint8Array(1), null);
  assertThrows(() => partsOf(bytes, { isMasked: true }), WebSocketViolation);
});

Deno.test("WebSocketDecoder refuses a message over the limit by its header", () => {
  const maxMessageBytes = 10;
  const fits = encodeMessage(OPCODE.binary, new Uint8Array(10), null);
  assertEquals(dataOf(partsOf(fits, { maxMessageBytes })).length, 10);
  const tooLong = [
    frame(0x82, 0x0b),
    frame(0x82, 0x7f, 0, 0, 0, 1, 0, 0, 0, 0),
    new Uint8Array([...frame(0x02, 0x06, 1, 2, 3, 4, 5, 6), 0x80, 0x05]),
  ];
  for (const bytes of tooLong) {
    const error = assertThrows(() => partsOf(bytes, { maxMessageBytes }));
    assertInstanceOf(error, FrameTooLargeError);
    assertEquals(closeCodeOf(error), 1_009);
  }
});

Deno.test("applyMask goes on where a part of the payload began", () => {
  const payload = Uint8Array.from({ length: 23 }, (_, at) => at * 11);
  const masked = payload.slice();
  applyMask(masked, MASK, 0);
  for (let cut = 0; cut <= payload.length; cut++) {
    const parts = [masked.slice(0, cut), masked.slice(cut)] as const;
    applyMask(parts[0], MASK, 0);
    applyMask(parts[1], MASK, cut);
    assertEquals([...parts[0], ...parts[1]], [...payload]);
  }
});
