import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { randomInteger, seededRandom } from "../../testing/network/random.ts";
import { encodeFrame, FrameDecoder } from "./frame.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Reads frames in chunks of `readBytes`, and returns the text of each. */
function readTexts(
  texts: readonly string[],
  readBytes: number,
): (string | null)[] {
  const bytes = new Uint8Array(
    texts.flatMap((text) => [...encodeFrame(text)]),
  );
  const frames = new FrameDecoder(2 ** 20);
  const found: (string | null)[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = frames.space();
    const read = bytes.subarray(at, at + Math.min(space.length, readBytes));
    space.set(read);
    at += read.length;
    frames.filled(read.length);
    for (
      let payload = frames.next();
      payload !== null;
      payload = frames.next()
    ) {
      const text = texts[found.length];
      const ascii = frames.ascii();
      if (ascii !== null) assertStrictEquals(ascii, text);
      assertEquals(decoder.decode(payload), text);
      found.push(ascii);
    }
  }
  return found;
}

Deno.test("FrameDecoder has the texts of frames that came together", () => {
  // From 128 on, the last byte of the length is not ASCII.
  const texts = [1, 60, 127, 128, 200, 255, 256, 300, 1000, 3].map((length) =>
    "a".repeat(length)
  );
  // The first read of a connection is short.
  const found = readTexts(["first", ...texts, ...texts], 4 * 1024);
  assertEquals(found.slice(-10, -1), texts.slice(0, -1));
});

Deno.test("FrameDecoder leaves a frame that came alone to the codec", () => {
  assertEquals(readTexts(["text"], 8), [null]);
});

Deno.test("FrameDecoder has no text of a burst that is not ASCII", () => {
  for (const odd of ["ä", "\u{1f600}", "\ufffd", "\ufeffa", "a\ufeff"]) {
    const found = readTexts(["some", odd, "text"], 512);
    assertEquals(found, [null, null, null]);
  }
});

Deno.test("FrameDecoder has a text again some reads after one that was not ASCII", () => {
  const texts = ["ä", ...new Array<string>(40).fill("a".repeat(200))];
  const found = readTexts(texts, 410);
  assertEquals(found.slice(0, 15), new Array(15).fill(null));
  assert(found.slice(-6).some((text) => text !== null));
});

Deno.test("FrameDecoder has the right text or none, however frames are read", () => {
  const random = seededRandom(5);
  for (let round = 0; round < 300; round++) {
    const isAscii = random() < 0.5;
    const texts = Array.from(
      { length: randomInteger(random, 1, 80) },
      () =>
        Array.from(
          { length: randomInteger(random, 1, 400) },
          () =>
            String.fromCharCode(
              isAscii || random() < 0.99
                ? randomInteger(random, 0, 0x7f)
                : randomInteger(random, 0x80, 0xd7ff),
            ),
        ).join(""),
    );
    readTexts(texts, randomInteger(random, 1, 5_000));
  }
});
