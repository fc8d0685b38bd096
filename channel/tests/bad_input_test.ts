import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { DenomasError, ProtocolError } from "../../transports/errors.ts";
import { encodeFrame } from "../../transports/frames/frame.ts";
import type { Channel } from "../channel.ts";
import { json } from "../codecs/json/json.ts";
import { msgpack } from "../codecs/msgpack/msgpack.ts";
import { type CloseReason, ConnectionClosedError } from "../errors.ts";
import { encodeRequest, openBytes, openRaw } from "../fixtures/raw_peer.ts";

const text = (s: string) => new TextEncoder().encode(s);

const MOST_BYTES = 16 * 1024 * 1024;

/** Payloads that break the protocol, and a word of the error. */
const BAD_JSON: [name: string, payload: string | Uint8Array, says: string][] = [
  ["no JSON", "hello there", "JSON"],
  ["cut JSON", '[0, 0, "abc', "JSON"],
  ["no list", '{"type": 0}', "list"],
  ["a short list", "[0, 0]", "list"],
  ["a wrong type", '[7, 0, ""]', "type"],
  ["a type that is text", '["0", 0, ""]', "type"],
  ["a wrong id", '[0, -1, ""]', "id"],
  ["an id that is text", '[0, "0", ""]', "id"],
  ["an id that is huge", '[0, 1e300, ""]', "id"],
  ["deep nesting", `[0,0,${"[".repeat(1e5)}${"]".repeat(1e5)}]`, "deep"],
  ["16 MiB of brackets", new Uint8Array(MOST_BYTES).fill(0x5b), "deep"],
  ["300,000 keys", manyKeys(300_000), "keys"],
  ["a million keys", manyKeys(1_000_000), "memory"],
  ["invalid UTF-8", Uint8Array.of(...text('[0,0,"'), 0xff, ...text('"]')), ""],
];

const BAD_MSGPACK: [name: string, payload: Uint8Array, says: string][] = [
  ["text", text("hello"), ""],
  ["no list", Uint8Array.of(0x80), "list"],
  ["a cut list", Uint8Array.of(0x93, 0, 0), ""],
  [
    "an array of 4 GiB",
    Uint8Array.of(0x93, 0, 0, 0xdd, 255, 255, 255, 255),
    "",
  ],
  ["an extension type", Uint8Array.of(0x93, 0, 0, 0xd4, 1, 1), ""],
  ["deep nesting", deepMsgPack(100_000), "deep"],
  ["16 MiB of lists of one", new Uint8Array(MOST_BYTES).fill(0x91), "deep"],
  ["invalid UTF-8", Uint8Array.of(0x93, 0, 0, 0xa1, 0xff), ""],
  ["bytes after the end", Uint8Array.of(0x93, 0, 0, 0xc0, 0xc0), ""],
];

function manyKeys(length: number): string {
  const keys = Array.from({ length }, (_, i) => `"k${i}":0`);
  return `[0,0,{${keys.join()}}]`;
}

function deepMsgPack(levels: number): Uint8Array {
  const bytes = new Uint8Array(levels + 4).fill(0x91);
  bytes.set([0x93, 0, 0]);
  bytes[levels + 3] = 0xc0;
  return bytes;
}

/** Starts a server that echoes, and reports why each channel closed. */
async function startEcho(
  ctx: Ctx,
): Promise<{ address: string; reasons: CloseReason[] }> {
  const reasons: CloseReason[] = [];
  const { address } = await ctx.startServer(async (channel) => {
    channel.closed.then((reason) => reasons.push(reason));
    for await (const request of channel) await request.reply(request.content);
  });
  return { address, reasons };
}

/** Sends `payload` and expects to be cut off for it. */
async function expectCut(
  ctx: Ctx,
  address: string,
  payload: string | Uint8Array,
  says: string,
): Promise<void> {
  using peer = await openRaw(address);
  peer.send(payload);
  assertEquals(await peer.receive(), null);
  const [error, ...more] = ctx.takeHandlerErrors();
  assert(error instanceof ProtocolError, `not a ProtocolError: ${error}`);
  assertStringIncludes(error.message, says);
  assertEquals(more, []);
}

for (
  const { codec, bad } of [
    { codec: json(), bad: BAD_JSON },
    { codec: msgpack(), bad: BAD_MSGPACK },
  ]
) {
  for (const [name, payload, says] of bad) {
    withCtx({
      name: `${codec.name}: ${name} closes that connection, and says why`,
      codecs: [codec],
    }, async (ctx) => {
      const { address, reasons } = await startEcho(ctx);
      const other = await ctx.connect();
      assertEquals(await other.send("before"), "before");
      await expectCut(ctx, address, payload, says);
      assertEquals(reasons.map((reason) => reason.by), ["error"]);
      assertEquals(await other.send("after"), "after");
    });
  }
}

withCtx(
  "an end within a frame is a lost connection, and no bad input",
  async (ctx) => {
    const channels: Channel[] = [];
    const server = await ctx.startServer(async (channel) => {
      channels.push(channel);
      for await (const _ of channel);
    });
    for (const isAwaited of [false, true]) {
      const stream = await openBytes(server.address);
      while (server.channels.size === 0) await nextTurn();
      const channel = channels.at(-1)!;
      const calls = isAwaited ? [channel.send("?")] : [];
      const settled = Promise.allSettled(calls);
      await stream.write(encodeFrame("[0, 0, 1]").subarray(0, 7));
      await stream.closeWrite();
      const { by, error } = await channel.closed;
      stream.close();
      assertEquals(by, "peer");
      assertInstanceOf(error, DenomasError);
      assertStringIncludes(error.message, "7 bytes");
      for (const result of await settled) {
        assert(result.status === "rejected");
        assertEquals(result.reason.cause, error);
      }
    }
    // An error that the server reports would fail the step.
    assertEquals(server.stats().failedConnections, 2);
  },
);

withCtx("an id used twice while open closes that connection", async (ctx) => {
  const { address } = await ctx.startServer(async (channel) => {
    await channel.recv();
    await channel.closed;
  });
  using peer = await openRaw(address);
  peer.send(encodeRequest(3, "once"));
  peer.send(encodeRequest(3, "twice"));
  assertEquals(await peer.receive(), null);
  const [error] = ctx.takeHandlerErrors();
  assertStringIncludes(String(error), "another request with this id");
});

withCtx("an id may be used again once it was answered", async (ctx) => {
  const { address } = await startEcho(ctx);
  using peer = await openRaw(address);
  for (const content of ["once", "twice"]) {
    peer.send(encodeRequest(3, content));
    assertEquals(await peer.receive(), `[1,3,${JSON.stringify(content)}]`);
  }
});

withCtx("replies to ids that were never asked are counted", async (ctx) => {
  const served = Promise.withResolvers<Channel>();
  const { address } = await ctx.startServer(async (channel) => {
    served.resolve(channel);
    for await (const request of channel) await request.reply(request.content);
  });
  using peer = await openRaw(address);
  for (let id = 0; id < 100; id++) peer.send(`[${1 + id % 2},${id},"?"]`);
  peer.send(encodeRequest(0, "still there"));
  assertEquals(await peer.receive(), '[1,0,"still there"]');
  assertEquals((await served.promise).stats().lateReplies, 100);
});

withCtx("a bad custom type fails that request alone", async (ctx) => {
  const { address } = await startEcho(ctx);
  using peer = await openRaw(address);
  for (const [id, bad] of ['[9,"?"]', '"?"', "[]", '["0",1]'].entries()) {
    peer.send(`[0,${id},{"a":[{"__type__":${bad}}]}]`);
    const reply = await peer.receive();
    assertStringIncludes(reply!, `[2,${id},"SerializationError: `);
  }
  peer.send(encodeRequest(9, "fine"));
  assertEquals(await peer.receive(), '[1,9,"fine"]');
});

withCtx("a bad custom type in a reply fails that call alone", async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) {
      await request.reply(request.content === "type" ? new Date(0) : "fine");
    }
  }, {
    server: {
      serializers: [{
        type: Date,
        serialize: (date: Date) => date.toISOString(),
        deserialize: (text: string) => new Date(text),
      }],
    },
  });
  const [bad, good] = await Promise.allSettled([
    channel.send("type"),
    channel.send("?"),
  ]);
  assertEquals(bad!.status, "rejected");
  assertEquals(
    (bad as PromiseRejectedResult).reason.name,
    "SerializationError",
  );
  assertEquals(good, { status: "fulfilled", value: "fine" });
});

withCtx(
  "`__proto__` arrives as an own property, `constructor` as data",
  async (ctx) => {
    const { address } = await startEcho(ctx);
    using peer = await openRaw(address);
    const content =
      '{"__proto__":{"admin":true},"constructor":{"prototype":1}}';
    peer.send(`[0,0,${content}]`);
    assertEquals(await peer.receive(), `[1,0,${content}]`);
    assertEquals(({} as { admin?: boolean }).admin, undefined);
  },
);

withCtx(
  "a reply that breaks a limit ends the connection and its call",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(async (channel) => {
      await (await channel.recv()).reply([[[["deep"]]]]);
      await channel.closed;
    }, { client: { limits: { frames: { maxDepth: 3 } } } });
    const error = await assertRejects(
      () => channel.send("?"),
      ConnectionClosedError,
    );
    assertEquals([error.by, error.sent], ["error", true]);
    assert(error.cause instanceof ProtocolError);
  },
);
