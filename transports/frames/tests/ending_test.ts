import { assert, assertEquals, assertFalse } from "@std/assert";
import { assertSameFrames } from "../../fixtures/bytes.ts";
import { withFrames } from "../../fixtures/with_frames.ts";

withFrames(
  "writes all that is queued before it ends its stream",
  async (stage) => {
    const { client, server } = await stage.pair();
    const payload = new Uint8Array(1024 * 1024);
    for (let n = 0; n < 5; n++) client.connection.send(payload.fill(n));
    client.connection.finish();
    client.connection.finish();
    assertEquals(await server.ended(), null);
    assertEquals(server.frames.map((frame) => frame.at(-1)), [0, 1, 2, 3, 4]);
    // The transport of the other side has ended its direction, too.
    assertEquals(await client.ended(), null);
    assertEquals([client.ends.length, server.ends.length], [1, 1]);
  },
);

withFrames("ends its stream at once where nothing is queued", async (stage) => {
  const { client, server } = await stage.pair();
  client.connection.send("first");
  await server.received(1);
  await client.flushed();
  client.connection.finish();
  assertEquals(await server.ended(), null);
  assertEquals(server.texts, ["first"]);
});

withFrames("goes on reading after it ended its stream", async (stage) => {
  const { client, server } = await stage.pair({ start: "server" });
  const payload = new Uint8Array(50_000).fill(7);
  server.connection.send(payload);
  await server.flushed();
  client.start();
  client.connection.finish();
  assertEquals(client.frames, []);
  assertEquals(await client.ended(), null);
  assertSameFrames(client.frames, [payload]);
});

withFrames(
  "tells its receiver nothing more after close, and the peer the end",
  async (stage) => {
    const { client, server } = await stage.pair();
    server.connection.send("under way");
    client.close();
    client.close();
    await server.ended();
    await stage.turns(20);
    assertEquals(client.frames, []);
    assertEquals([client.tooLate, client.ends], [[], []]);
    assertEquals(server.ends.length, 1);
  },
);

withFrames(
  "delivers no more frames after a close from within one",
  async (stage) => {
    const { client, server } = await stage.pair();
    server.onFrame = () => {
      if (server.frames.length === 3) server.close();
    };
    for (let n = 0; n < 10; n++) client.connection.send(`${n}`);
    await client.ended();
    await stage.turns(20);
    assertEquals(server.texts, ["0", "1", "2"]);
    assertEquals([server.tooLate, server.ends], [[], []]);
  },
);

withFrames(
  "sends nothing that was queued in the turn of the close",
  async (stage) => {
    const { client, server } = await stage.pair();
    client.connection.send("before");
    await server.received(1);
    await client.flushed();
    const position = client.connection.send("lost");
    client.close();
    assertEquals(client.connection.queuedBytes, 0);
    assertFalse(client.connection.isSent(position));
    await server.ended();
    assertFalse(client.connection.isSent(position));
    assertEquals(server.texts, ["before"]);
  },
);

withFrames("closes on both sides at once", async (stage) => {
  const { client, server } = await stage.pair();
  client.connection.send("a");
  server.connection.send("b");
  client.close();
  server.close();
  await stage.turns(20);
  assertEquals([client.tooLate, client.ends], [[], []]);
  assertEquals([server.tooLate, server.ends], [[], []]);
});

withFrames(
  "tells the end once and last, and takes calls after it",
  async (stage) => {
    const { client, server } = await stage.pair();
    client.close();
    await server.ended();
    const position = server.connection.send("to nobody");
    assertFalse(server.connection.isSent(position));
    assert(server.connection.revoke(position));
    server.connection.finish();
    server.connection.ref();
    server.connection.unref();
    server.connection.close();
    server.connection.close();
    await stage.turns(20);
    assertEquals(server.connection.queuedBytes, 0);
    assertEquals([server.ends.length, server.tooLate], [1, []]);
  },
);
