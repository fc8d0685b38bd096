import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotMatch,
} from "@std/assert";
import { attackServer } from "../../dev/fixtures/hostile/attack.ts";
import { testBriefly } from "../../dev/fixtures/hostile/brief_attack.ts";
import {
  heavyKinds,
  heavyPayload,
  HOLE,
} from "../../dev/fixtures/hostile/heavy.ts";
import type { WireName } from "../../dev/fixtures/hostile/wire.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { CtxOptions } from "../../testing/ctx_contract.ts";
import { ProtocolError } from "../../transports/errors.ts";
import { printable } from "../../transports/printable.ts";
import type { Channel } from "../channel.ts";
import { json } from "../codecs/json/json.ts";
import { msgpack } from "../codecs/msgpack/msgpack.ts";
import { openBytes } from "../fixtures/raw_peer.ts";
import { WirePeer } from "../fixtures/wire_peer.ts";

testBriefly(
  "hostile peers of a channel server have no effect",
  (ctx, options) => attackServer("channel", ctx, options),
);

/** Every transport, with both codecs. */
const EVERYWHERE: Pick<CtxOptions, "transports" | "codecs"> = {
  transports: ["tcp", "unix", "memory", "tls"],
  codecs: [json(), msgpack()],
};

/** The longest wait of an honest client, in milliseconds. */
const LONGEST_MS = 3_000;
const MIB = 2 ** 20;

async function echo(channel: Channel): Promise<void> {
  for await (const request of channel) await request.reply(request.content);
}

/** Answers every request. */
async function take(channel: Channel): Promise<void> {
  for await (const request of channel) await request.reply(null);
}

/** Answers only a ping. */
async function hold(channel: Channel): Promise<void> {
  for await (const request of channel) {
    if (request.content === "ping") await request.reply("pong");
  }
}

withCtx(
  {
    name: "what is held is weighed by what it takes, and let go in the end",
    ...EVERYWHERE,
  },
  async (ctx) => {
    const server = await ctx.startServer(hold, {
      limits: { requests: { maxHeldBytes: 8 * MIB } },
    });
    const other = await ctx.connect();
    assertEquals(await other.send("ping"), "pong");
    const wire = ctx.options.codec.name as WireName;
    using peer = await WirePeer.open(server.address, ctx.options);
    // 40 times 100 KiB of empty lists take much more than that.
    for (let id = 0; id < 40; id++) {
      const message = [0, id, HOLE];
      peer.sendBytes(heavyPayload(wire, "empty lists", message, 100 * 1024));
    }
    const [type, , content] = (await peer.receive())!;
    assertEquals(type, 2);
    assert(String(content).startsWith("ServerBusyError"), String(content));
    const held = server.stats().heldBytes;
    assert(held > MIB && held <= 8 * MIB, `${held} bytes are held`);
    assertEquals(await other.send("ping"), "pong");
    const [served] = [...server.channels].filter((it) =>
      it.stats().unansweredRequests > 0
    );
    peer[Symbol.dispose]();
    await served!.closed;
    assertEquals(server.stats().heldBytes, 0);
  },
);

withCtx(
  {
    name: "a frame of the longest length holds nobody up for long",
    ...EVERYWHERE,
    transports: ["tcp"],
    timeoutMs: 120_000,
  },
  async (ctx) => {
    const server = await ctx.startServer(take);
    const other = await ctx.connect();
    const wire = ctx.options.codec.name as WireName;
    for (const kind of heavyKinds(wire)) {
      using peer = await WirePeer.open(server.address, ctx.options);
      let isDone = false;
      // The request is answered or refused, or the connection ends.
      const done = peer.receive().then(() => isDone = true);
      peer.sendBytes(heavyPayload(wire, kind, [0, 0, HOLE], 16 * MIB));
      while (!isDone) {
        const start = performance.now();
        assertEquals(await other.send("ping"), null);
        const ms = performance.now() - start;
        assert(ms < LONGEST_MS, `${ms} ms for ${kind}`);
      }
      await done;
    }
    for (const error of ctx.takeHandlerErrors()) {
      assertInstanceOf(error, ProtocolError);
    }
  },
);

withCtx(
  { name: "one connection's keys are not another's", transports: ["tcp"] },
  async (ctx) => {
    const server = await ctx.startServer(echo);
    using stranger = await WirePeer.open(server.address, ctx.options);
    using honest = await WirePeer.open(server.address, ctx.options);
    const encoder = new TextEncoder();
    const keys = ["ü", "\n", "\\", '"', "é", "\u2028", "🎈", "a\\", "\t"];
    let id = 0;
    for (const first of keys) {
      for (const second of keys) {
        const bytes = (key: string) =>
          encoder.encode(`[0,${id},{"b":1,"${escaped(key)}":2}]`);
        stranger.sendBytes(bytes(first));
        await stranger.receive();
        honest.sendBytes(bytes(second));
        assertEquals(await honest.receive(), [1, id, { b: 1, [second]: 2 }]);
        id++;
      }
    }
  },
);

/** Encodes as Python does: escapes everything that is not ASCII. */
function escaped(key: string): string {
  return JSON.stringify(key).slice(1, -1).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

withCtx(
  "what a peer sends in the place of a frame is escaped where it is reported",
  async (ctx) => {
    const server = await ctx.startServer(echo);
    for (const text of ["\x1b[31mred", "\n\n\n\nforged line", "GET \x07/"]) {
      const stream = await openBytes(server.address);
      await stream.write(new TextEncoder().encode(text.padEnd(40, "\x1b")));
      const buffer = new Uint8Array(100);
      while (await stream.read(buffer).catch(() => null) !== null);
      stream.close();
    }
    const errors = ctx.takeHandlerErrors() as Error[];
    assertEquals(errors.length, 3);
    for (const { message } of errors) {
      // deno-lint-ignore no-control-regex -- these are what is looked for
      assertNotMatch(message, /[\u0000-\u001f\u007f-\u009f]/);
      assertEquals(printable(message), message);
    }
  },
);
