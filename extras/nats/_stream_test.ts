import { assertEquals, assertRejects } from "@std/assert";
import { DenomasError, ProtocolError } from "../../transports/errors.ts";
import { KIND } from "./_messages.ts";
import { NatsStream, WINDOW_BYTES } from "./_stream.ts";

/**
 * Returns a stream that records its messages, and functions to send it
 * messages.
 */
function makeStream(maxBytes = 64 * 1_024) {
  const sent: Uint8Array[] = [];
  let ends = 0;
  const stream = new NatsStream({
    maxBytes,
    send: (header, data) => void sent.push(Uint8Array.of(...header, ...data)),
    end: () => void ends++,
    ref: () => {},
    unref: () => {},
  });
  let sequence = 0;
  return {
    stream,
    sent,
    kinds: () => sent.splice(0).map(([kind]) => kind),
    ends: () => ends,
    /** Receives the next message of a peer that has read `read` bytes. */
    receive: (kind: number, data: readonly number[] = [], read = 0) =>
      stream.receive(
        Uint8Array.of(kind, ...uint32(sequence++), ...uint32(read), ...data),
      ),
    /** Skips a sequence number. */
    skip: () => void sequence++,
    async readAll() {
      const bytes: number[] = [];
      const into = new Uint8Array(100);
      for (;;) {
        const length = await stream.read(into);
        if (length === null) return bytes;
        bytes.push(...into.subarray(0, length));
      }
    },
  };
}

function uint32(value: number): number[] {
  return [24, 16, 8, 0].map((shift) => value >>> shift & 255);
}

const bytes = (length: number) => new Uint8Array(length).fill(7);

Deno.test("NatsStream reads what came before the end, and then the end", async () => {
  for (const kind of [KIND.end, KIND.close]) {
    const { receive, readAll } = makeStream();
    receive(KIND.data, [1, 2]);
    receive(KIND.data);
    receive(KIND.data, [3]);
    receive(kind);
    assertEquals(await readAll(), [1, 2, 3]);
  }
});

Deno.test("NatsStream ends at a gap, after what came before it", async () => {
  const { stream, receive, skip, kinds } = makeStream();
  receive(KIND.data, [1]);
  skip();
  receive(KIND.data, [2]);
  receive(KIND.data, [3]);
  const into = new Uint8Array(8);
  assertEquals(await stream.read(into), 1);
  await assertRejects(() => stream.read(into), ProtocolError, "its number");
  await assertRejects(() => stream.write(into), ProtocolError, "its number");
  assertEquals(kinds(), [KIND.close]);
});

Deno.test("NatsStream ends where its peer is gone, unless that has ended", async () => {
  const lost = makeStream();
  lost.receive(KIND.data, [1]);
  lost.stream.gone();
  const into = new Uint8Array(8);
  assertEquals(await lost.stream.read(into), 1);
  await assertRejects(() => lost.stream.read(into), DenomasError, "gone");

  const done = makeStream();
  done.receive(KIND.data, [1]);
  done.receive(KIND.end);
  done.stream.gone();
  assertEquals(await done.readAll(), [1]);
});

Deno.test("NatsStream writes no more than may be unread, and goes on as it is read", async () => {
  const { stream, receive, sent } = makeStream();
  let written = 0;
  const writing = (async () => {
    while (written < 300_000) {
      written += await stream.write(bytes(300_000 - written));
    }
  })();
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  assertEquals(written, WINDOW_BYTES);
  receive(KIND.data, [], 50_000);
  await writing;
  assertEquals(written, 300_000);
  const lengths = sent.map(({ length }) => length);
  assertEquals(Math.max(...lengths), 64 * 1_024);
});

Deno.test("NatsStream takes no more from a peer than may be unread", async () => {
  const { stream, receive, kinds } = makeStream();
  const large = [...bytes(WINDOW_BYTES / 4)];
  for (let n = 0; n < 4; n++) receive(KIND.data, large);
  assertEquals(kinds(), []);
  receive(KIND.data, [1]);
  assertEquals(kinds(), [KIND.close]);
  const into = new Uint8Array(WINDOW_BYTES);
  assertEquals(await stream.read(into), WINDOW_BYTES);
  await assertRejects(() => stream.read(into), ProtocolError, "unread");
});

Deno.test("NatsStream takes no bytes after the end", async () => {
  const { stream, receive } = makeStream();
  receive(KIND.end);
  receive(KIND.data, [1]);
  assertEquals(await stream.read(new Uint8Array(8)), null);
  await assertRejects(() => stream.write(bytes(1)), DenomasError);
});

Deno.test("NatsStream tells what it has read, with its own bytes or without", async () => {
  const { stream, receive, sent } = makeStream();
  const into = new Uint8Array(WINDOW_BYTES);
  receive(KIND.data, [...bytes(1_000)]);
  await stream.read(into);
  assertEquals(sent, []);
  await stream.write(bytes(1));
  assertEquals([...sent[0]!.subarray(5, 9)], uint32(1_000));
  receive(KIND.data, [...bytes(64 * 1_024)]);
  await stream.read(into);
  assertEquals([...sent[1]!], [
    ...[KIND.data, ...uint32(1)],
    ...uint32(1_000 + 64 * 1_024),
  ]);
});

Deno.test("NatsStream.probe sends only where nothing was sent", async () => {
  const { stream, kinds, receive } = makeStream();
  stream.probe();
  assertEquals(kinds(), []);
  stream.probe();
  assertEquals(kinds(), [KIND.data]);
  await stream.write(bytes(1));
  kinds();
  stream.probe();
  assertEquals(kinds(), []);
  await stream.closeWrite();
  receive(KIND.end);
  kinds();
  stream.probe();
  stream.probe();
  assertEquals(kinds(), []);
});

Deno.test("NatsStream.close tells a peer that has not ended, and ends its outlet once", () => {
  const open = makeStream();
  open.stream.close();
  assertEquals([open.kinds(), open.ends()], [[KIND.close], 1]);
  const gone = makeStream();
  gone.stream.gone();
  gone.stream.close();
  assertEquals([gone.kinds(), gone.ends()], [[], 1]);
});
