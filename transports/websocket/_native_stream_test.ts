import { assertEquals, assertRejects } from "@std/assert";
import { NativeStream } from "./_native_stream.ts";

/** Returns a stream in a socket of the platform that receives `data`. */
function streamWith(data: string | ArrayBuffer): NativeStream {
  const socket = { readyState: WebSocket.OPEN, close: () => {} } as WebSocket;
  const isText = typeof data === "string";
  const stream = new NativeStream(socket, { isText, maxMessageBytes: 10 });
  socket.onmessage!(new MessageEvent("message", { data }));
  return stream;
}

Deno.test("NativeStream counts the bytes of a text, not its characters", async () => {
  const fits = streamWith(JSON.stringify("é".repeat(4)));
  const into = new Uint8Array(64);
  // A frame's length comes first.
  assertEquals(await fits.read(into), 4 + 10);
  fits.close();
  const tooLong = streamWith(JSON.stringify("é".repeat(5)));
  await assertRejects(
    () => tooLong.read(into),
    Error,
    "a message of 12 bytes is over the limit of 10",
  );
  tooLong.close();
});

Deno.test("NativeStream refuses bytes that are over the limit", async () => {
  const stream = streamWith(new ArrayBuffer(11));
  await assertRejects(() => stream.read(new Uint8Array(64)), Error, "11 bytes");
  stream.close();
});
