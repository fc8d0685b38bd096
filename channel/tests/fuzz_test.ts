import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import {
  DenomasError,
  FrameTooLargeError,
  ProtocolError,
} from "../../transports/errors.ts";
import { encodeFrame } from "../../transports/frames/frame.ts";
import type { Codec } from "../codecs/codec.ts";
import { SerializationError } from "../errors.ts";
import { json } from "../codecs/json/json.ts";
import { msgpack } from "../codecs/msgpack/msgpack.ts";
import { seededRandom } from "../../testing/network/random.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { attack } from "../fixtures/attack.ts";
import { usedHeapBytes } from "../fixtures/heap.ts";
import { mutate } from "../fixtures/random.ts";

/** Frames for each of the three transports and both codecs: 102,000 in all. */
const FRAMES = 17_000;
/** Few, since the first bad one ends its connection. */
const FRAMES_PER_CONNECTION = 2;
/** The most heap growth: 8,500 connections that each leak 1 KiB exceed it. */
const HEAP_BYTES = 8 * 1024 * 1024;

const MESSAGES: unknown[] = [
  [0, 0, "hello"],
  [0, 1, ["sub/add", [1, 2.5, -3], { b: "grüße 🎈" }]],
  [0, 2, { a: { b: { c: [null, true, false, [], {}] } }, n: 12_345_678_901 }],
  [1, 0, ["x".repeat(100)]],
  [2, 0, "ValueError: nope\n"],
  [0, 3, { __type__: [0, "2026-01-01T00:00:00Z"] }],
];

function encodeAll(codec: Codec): Uint8Array[] {
  return MESSAGES.map((message) => {
    const payload = codec.encode(message);
    return typeof payload === "string"
      ? new TextEncoder().encode(payload)
      : payload;
  });
}

function isExpected(error: unknown): boolean {
  if (error instanceof SerializationError) {
    // JSON reads a number such as 1e999, which the reply cannot hold.
    return error.message.includes("found Infinity");
  }
  return error instanceof ProtocolError || error instanceof FrameTooLargeError;
}

async function fuzz(ctx: Ctx, codec: Codec): Promise<void> {
  const random = seededRandom(20_261_123);
  const payloads = encodeAll(codec);
  const { address, channels } = await ctx.startServer(async (channel) => {
    for await (const request of channel) await request.reply(request.content);
  });
  const bystander = await ctx.connect();
  const heapBefore = await usedHeapBytes();
  for (let sent = 0; sent < FRAMES; sent += FRAMES_PER_CONNECTION) {
    const frames = Array.from({ length: FRAMES_PER_CONNECTION }, () => {
      const payload = payloads[Math.floor(random() * payloads.length)]!;
      const bad = mutate(payload, random);
      // A mutated payload without any bytes cannot be sent as a frame.
      const frame = encodeFrame(bad.length > 0 ? bad : payload);
      return random() < 0.1 ? mutate(frame, random) : frame;
    });
    await attack(address, frames);
    if (sent % 1_000 === 0) {
      assertEquals(await bystander.send(sent), sent);
      for (const error of ctx.takeHandlerErrors()) {
        assertInstanceOf(error, DenomasError);
        assert(isExpected(error), String(error));
      }
    }
  }
  assertEquals(await bystander.send("still there"), "still there");
  while (channels.size > 1) await nextTurn();
  ctx.takeHandlerErrors();
  const grown = await usedHeapBytes() - heapBefore;
  assert(grown < HEAP_BYTES, `the heap grew by ${grown} bytes`);
}

for (const codec of [json(), msgpack()]) {
  withCtx({
    name: `${FRAMES} mutated ${codec.name} frames leave a server unharmed`,
    codecs: [codec],
    timeoutMs: 60_000,
  }, (ctx) => fuzz(ctx, codec));
}
