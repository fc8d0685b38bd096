import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertThrows,
} from "@std/assert";
import { FrameTooLargeError } from "../../errors.ts";
import { assertSameFrames } from "../../fixtures/bytes.ts";
import {
  type Random,
  randomBytes,
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import {
  type End,
  MAX_FRAME_BYTES,
  type Stage,
} from "../../fixtures/frame_stage.ts";
import { withFrames } from "../../fixtures/with_frames.ts";

withFrames("carries whole frames both ways, in order", async (stage) => {
  const { client, server } = await stage.pair();
  const random = seededRandom(1);
  const payloads = (count: number) =>
    Array.from(
      { length: count },
      () => randomBytes(random, randomInteger(random, 1, 5_000)),
    );
  const [requests, replies] = [payloads(300), payloads(300)];
  await Promise.all([
    sendInBursts(stage, client, requests, random),
    sendInBursts(stage, server, replies, random),
  ]);
  await Promise.all([server.received(300), client.received(300)]);
  assertSameFrames(server.frames, requests);
  assertSameFrames(client.frames, replies);
});

withFrames(
  "copies payloads, so that neither side can change the other's",
  async (stage) => {
    const { client, server } = await stage.pair();
    server.onFrame = (payload) => payload.fill(0xee);
    const [small, large] = [new Uint8Array(8), new Uint8Array(100_000)];
    for (const payload of [small, large, small]) {
      payload.fill(1);
      client.connection.send(payload);
      payload.fill(2);
    }
    await server.received(3);
    assertSameFrames(server.frames, [
      new Uint8Array(8).fill(1),
      new Uint8Array(100_000).fill(1),
      new Uint8Array(8).fill(1),
    ]);
    assertEquals([small[0], large[0]], [2, 2]);

    // Each frame is written alone, within the turn that may deliver the first.
    for (let n = 0; n < 10; n++) {
      client.connection.send(`${n}`);
      await client.flushed();
    }
    await server.received(13);
    const texts = server.texts.slice(3);
    assertEquals(texts, ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
  },
);

withFrames("sends strings as UTF-8", async (stage) => {
  const { client, server } = await stage.pair();
  const texts = [
    "a",
    "ohai",
    "grüße",
    "日本語",
    "😀",
    "\u0000",
    "\ufeffmark",
    "lone \ud83d high",
    "lone \ude00 low",
    "\ud83d",
    "a".repeat(70_000),
    "é".repeat(70_000),
    "a".repeat(1_500) + "😀".repeat(40_000),
    "語".repeat(1_024),
    "語".repeat(1_025),
  ];
  for (const text of texts) client.connection.send(text);
  await server.received(texts.length);
  for (const text of texts) {
    server.connection.send(text);
    await client.received(client.frames.length + 1);
  }
  const wanted = texts.map((text) => new TextEncoder().encode(text));
  assertSameFrames(server.frames, wanted);
  assertSameFrames(client.frames, wanted);
});

withFrames(
  "carries frames from one byte to exactly the limit",
  async (stage) => {
    const maxFrameBytes = 100_000;
    const limit = { maxFrameBytes };
    const { client, server } = await stage.pair({
      server: limit,
      client: limit,
    });
    const lengths = [
      1,
      2,
      3,
      4,
      5,
      1_024,
      4_091,
      4_092,
      4_093,
      65_532,
      65_536,
    ];
    lengths.push(maxFrameBytes - 1, maxFrameBytes, 1);
    const random = seededRandom(2);
    const payloads = lengths.map((length) => randomBytes(random, length));
    for (const payload of payloads) client.connection.send(payload);
    await server.received(payloads.length);
    for (const payload of payloads) {
      server.connection.send(payload);
      await client.received(client.frames.length + 1);
    }
    assertSameFrames(server.frames, payloads);
    assertSameFrames(client.frames, payloads);
  },
);

withFrames(
  "carries a frame of 16 MiB where no limit is given",
  async (stage) => {
    const { client, server } = await stage.pair();
    const payload = new Uint8Array(MAX_FRAME_BYTES);
    for (let at = 0; at < payload.length; at += 1_021) payload[at] = at;
    client.connection.send(payload);
    await server.received(1);
    assertSameFrames(server.frames, [payload]);
    assertThrows(
      () => client.connection.send(new Uint8Array(MAX_FRAME_BYTES + 1)),
      FrameTooLargeError,
    );
  },
);

withFrames(
  "refuses to send a frame over the limit, and queues nothing",
  async (stage) => {
    const maxFrameBytes = 1_000;
    const { client, server } = await stage.pair({
      client: { maxFrameBytes },
    });
    client.connection.send("before");
    const { queuedBytes } = client.connection;
    const tooLong = [
      new Uint8Array(1_001),
      "a".repeat(1_001),
      "é".repeat(501),
      "語".repeat(1_000),
    ];
    for (const payload of tooLong) {
      const error = assertThrows(
        () => client.connection.send(payload),
        FrameTooLargeError,
      );
      assertEquals(error.limitBytes, maxFrameBytes);
      assert(error.bytes > maxFrameBytes);
      assertEquals(client.connection.queuedBytes, queuedBytes);
    }
    client.connection.send("é".repeat(500));
    client.connection.send("after");
    await server.received(3);
    assertEquals(server.texts, ["before", "é".repeat(500), "after"]);
  },
);

withFrames(
  "ends a connection on which a frame over the limit arrives",
  async (stage) => {
    const maxFrameBytes = 1_000;
    const { client, server } = await stage.pair({
      server: { maxFrameBytes },
    });
    client.connection.send(new Uint8Array(1_000));
    client.connection.send(new Uint8Array(1_001));
    client.connection.send("never delivered");
    const error = await server.ended();
    assertInstanceOf(error, FrameTooLargeError);
    assertEquals([error.bytes, error.limitBytes], [1_001, 1_000]);
    assertEquals(server.frames.map(({ length }) => length), [1_000]);
    assertEquals(server.ends.length, 1);
    await client.ended();
  },
);

withFrames("refuses to send an empty frame", async (stage) => {
  const { client, server } = await stage.pair();
  assertThrows(() => client.connection.send(""), RangeError);
  assertThrows(() => client.connection.send(new Uint8Array(0)), RangeError);
  client.connection.send("not empty");
  await server.received(1);
  assertEquals(server.texts, ["not empty"]);
});

async function sendInBursts(
  stage: Stage,
  end: End,
  payloads: readonly Uint8Array[],
  random: Random,
): Promise<void> {
  for (const payload of payloads) {
    end.connection.send(payload);
    if (random() < 0.2) await stage.turns(randomInteger(random, 1, 3));
  }
}
