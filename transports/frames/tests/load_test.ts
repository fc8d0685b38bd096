import { assert, assertEquals } from "@std/assert";
import { areAll } from "../../fixtures/bytes.ts";
import type { End, Stage } from "../../fixtures/frame_stage.ts";
import { withFrames } from "../../fixtures/with_frames.ts";

withFrames("serves 300 connections at once", async (stage) => {
  const count = 300;
  const { address } = await stage.listen();
  const serving = serve(stage, count);
  const clients = await Promise.all(
    Array.from({ length: count }, () => stage.connect(address)),
  );
  for (const [n, client] of clients.entries()) {
    client.start().connection.send(`${n}`);
  }
  await Promise.all(clients.map((client) => client.received(1)));
  assertEquals(
    clients.map((client) => client.texts),
    clients.map((_, n) => [`re: ${n}`]),
  );
  await serving;
});

withFrames("keeps 20,000 small frames each way in order", async (stage) => {
  const count = 20_000;
  const { client, server } = await stage.pair();
  server.onFrame = (payload) => server.connection.send(payload);
  for (let n = 0; n < count; n++) client.connection.send(`${n}`);
  await client.received(count);
  const wanted = Array.from({ length: count }, (_, n) => `${n}`);
  assert(server.texts.every((text, n) => text === wanted[n]));
  assert(client.texts.every((text, n) => text === wanted[n]));
  assertEquals([client.frames.length, server.frames.length], [
    count,
    count,
  ]);
});

withFrames(
  "carries 20 MiB each way at once without a deadlock",
  async (stage) => {
    const { client, server } = await stage.pair();
    const count = 20;
    const payload = new Uint8Array(1024 * 1024);
    for (let n = 0; n < count; n++) {
      client.connection.send(payload.fill(n));
      server.connection.send(payload.fill(n + 100));
    }
    await Promise.all([client.received(count), server.received(count)]);
    const areRight = ({ frames }: End, offset: number) =>
      frames.every((frame, n) => areAll(frame, payload.length, n + offset));
    assert(areRight(server, 0));
    assert(areRight(client, 100));
  },
);

async function serve(stage: Stage, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const server = await stage.accepted();
    server.onFrame = (payload) => {
      server.connection.send(`re: ${new TextDecoder().decode(payload)}`);
    };
    server.start();
  }
}
