import { assert, assertEquals, assertFalse } from "@std/assert";
import { HEADER_BYTES } from "../frame.ts";
import { areAll } from "../../fixtures/bytes.ts";
import {
  randomInteger,
  seededRandom,
  shuffle,
} from "../../../testing/network/random.ts";
import type { End, Stage } from "../../fixtures/frame_stage.ts";
import { withFrames } from "../../fixtures/with_frames.ts";

withFrames("tells once when a burst of frames is written", async (stage) => {
  const { client, server } = await stage.pair();
  const positions: number[] = [];
  for (let n = 0; n < 100; n++) {
    positions.push(client.connection.send(`${n}`));
  }
  assertEquals(client.timesWritten, 0);
  assertEquals(positions, positions.toSorted((a, b) => a - b));
  assertEquals(new Set(positions).size, 100);
  assertFalse(positions.some((at) => client.connection.isSent(at)));
  await client.until(() => client.timesWritten > 0);
  assertEquals(client.connection.queuedBytes, 0);
  assert(positions.every((at) => client.connection.isSent(at)));
  await server.received(100);
  assertEquals(client.timesWritten, 1);
  client.connection.send("one more");
  await server.received(101);
  await client.until(() => client.timesWritten > 1);
  assertEquals(client.timesWritten, 2);
});

withFrames(
  "takes revoked frames out of the queue and sends the rest",
  async (stage) => {
    const { client, server } = await stage.pair();
    const random = seededRandom(3);
    const wanted: string[] = [];
    for (let round = 0; round < 50; round++) {
      const frames = Array.from(
        { length: randomInteger(random, 1, 20) },
        (_, n) => {
          const text = `${round}/${n} ${
            "x".repeat(randomInteger(random, 0, 99))
          }`;
          return { text, position: client.connection.send(text) };
        },
      );
      const chosen = new Set(
        shuffle(random, [...frames]).slice(randomInteger(random, 0, 20)),
      );
      for (const { text, position } of chosen) {
        const before = client.connection.queuedBytes;
        assertFalse(client.connection.isSent(position));
        assert(client.connection.revoke(position));
        assertEquals(
          client.connection.queuedBytes,
          before - HEADER_BYTES - text.length,
        );
        assert(client.connection.revoke(position), "revoking is repeatable");
      }
      const rest = frames.filter((frame) => !chosen.has(frame));
      wanted.push(...rest.map(({ text }) => text));
      await server.received(wanted.length);
      await client.flushed();
      for (const { position } of rest) {
        assert(client.connection.isSent(position));
        assertFalse(client.connection.revoke(position));
      }
    }
    assertEquals(server.texts, wanted);
  },
);

withFrames(
  "takes frames out of a queue that the peer does not read",
  async (stage) => {
    const { client, server } = await stage.pair({ start: "client" });
    const first = await block(stage, client);
    const positions = ["a", "b", "c", "d"].map((text) =>
      client.connection.send(text)
    );
    assert(client.connection.isSent(first));
    assertFalse(client.connection.revoke(first));
    assert(client.connection.revoke(positions[2]!));
    assert(client.connection.revoke(positions[0]!));
    await stage.turns(10);
    server.start();
    await server.received(BLOCKING_FRAMES + 2);
    assertEquals(server.texts.slice(BLOCKING_FRAMES), ["b", "d"]);
  },
);

withFrames(
  "counts bytes queued, written and received exactly",
  async (stage) => {
    const { client, server } = await stage.pair();
    const counts = ({ connection }: End) => [
      connection.queuedBytes,
      connection.writtenBytes,
      connection.receivedBytes,
    ];
    assertEquals(counts(client), [0, 0, 0]);
    client.connection.send(new Uint8Array(10));
    const revoked = client.connection.send("grüße");
    client.connection.send("ü".repeat(5_000));
    assertEquals(counts(client), [14 + 11 + 10_004, 0, 0]);
    client.connection.revoke(revoked);
    assertEquals(counts(client), [14 + 10_004, 0, 0]);
    await server.received(2);
    await client.flushed();
    assertEquals(counts(client), [0, 10_018, 0]);
    assertEquals(counts(server), [0, 0, 10_018]);
    server.connection.send("x");
    await client.received(1);
    await server.flushed();
    assertEquals(counts(client), [0, 10_018, 5]);
    assertEquals(counts(server), [0, 5, 10_018]);
  },
);

withFrames(
  "holds back what the peer does not read, and loses none of it",
  async (stage) => {
    const { client, server } = await stage.pair({ start: "client" });
    await block(stage, client);
    const { queuedBytes, writtenBytes } = client.connection;
    assertEquals(queuedBytes + writtenBytes, BLOCKING_BYTES);
    assert(
      writtenBytes < BLOCKING_BYTES / 2,
      `Took ${writtenBytes} bytes that the peer has not read`,
    );
    assertEquals(client.timesWritten, 0);
    server.start();
    await server.received(BLOCKING_FRAMES);
    for (const [n, frame] of server.frames.entries()) {
      assert(areAll(frame, BLOCKING_FRAME_BYTES, n));
    }
    await client.flushed();
    assertEquals(client.timesWritten, 1);
  },
);

withFrames("closes at once although the peer does not read", async (stage) => {
  const { client, server } = await stage.pair({ start: "client" });
  await block(stage, client);
  const last = client.connection.send("never sent");
  client.close();
  assertEquals(client.connection.queuedBytes, 0);
  assertFalse(client.connection.isSent(last));
  server.start();
  await server.ended();
  assert(server.frames.length < BLOCKING_FRAMES);
  assertEquals([client.tooLate, client.ends], [[], []]);
});

/** More bytes than any transport should hold for a peer that does not read. */
const BLOCKING_FRAMES = 32;
const BLOCKING_FRAME_BYTES = 1024 * 1024;
const BLOCKING_BYTES = BLOCKING_FRAMES * (HEADER_BYTES + BLOCKING_FRAME_BYTES);

/**
 * Sends until the transport accepts no more. Resolves to the first position.
 */
async function block(stage: Stage, end: End): Promise<number> {
  const payload = new Uint8Array(BLOCKING_FRAME_BYTES);
  const positions: number[] = [];
  for (let n = 0; n < BLOCKING_FRAMES; n++) {
    positions.push(end.connection.send(payload.fill(n)));
  }
  await stage.turns(100);
  return positions[0]!;
}
