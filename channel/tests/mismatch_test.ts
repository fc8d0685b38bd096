import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { withCtx as withPlainCtx } from "../../testing/ctx.ts";
import { echo } from "../../testing/fixtures/handlers.ts";
import { ConnectError, ProtocolError } from "../../transports/errors.ts";
import { encodeFrame } from "../../transports/frames/frame.ts";
import type { ByteStream } from "../../transports/transport.ts";
import type { Codec } from "../codecs/codec.ts";
import { json } from "../codecs/json/json.ts";
import { msgpack } from "../codecs/msgpack/msgpack.ts";
import { ConnectionClosedError } from "../errors.ts";
import { openBytes, openRaw } from "../fixtures/raw_peer.ts";
import { openConnection } from "../deno.ts";

const PAIRS: readonly [server: Codec, client: Codec, remedy: string][] = [
  [msgpack(), json(), "msgpack() here or to json() there"],
  [json(), msgpack(), "json() here or to msgpack() there"],
];

/** Reads all bytes until the end. */
async function readAll(stream: ByteStream): Promise<Uint8Array> {
  const bytes: number[] = [];
  const into = new Uint8Array(1024);
  for (;;) {
    // A reset is an end as well.
    const length = await stream.read(into).catch(() => null);
    if (length === null) return Uint8Array.from(bytes);
    bytes.push(...into.subarray(0, length));
  }
}

for (const [theirs, own, remedy] of PAIRS) {
  withCtx(
    `a ${own.name} client learns that its server speaks ${theirs.name}`,
    async (ctx) => {
      const told = Promise.withResolvers<unknown>();
      const server = await ctx.startServer(echo, {
        codec: theirs,
        onError: told.resolve,
      });
      const channel = await ctx.connect({ codec: own });
      for (const call of [channel.send("first"), channel.send("second")]) {
        const error = await assertRejects(
          () => call,
          ConnectionClosedError,
          remedy,
        );
        assertEquals([error.by, error.code], ["error", "codec"]);
      }
      assertEquals((await channel.closed).code, "codec");
      const reported = await told.promise;
      assertInstanceOf(reported, ProtocolError);
      assertStringIncludes(reported.message, "set the option 'codec'");
      for (const { closed } of server.channels) await closed;
      assertEquals(server.stats().failedConnections, 1);
    },
  );

  withCtx(
    `a ${theirs.name} server that calls first learns that its client speaks ${own.name}`,
    async (ctx) => {
      const failed = Promise.withResolvers<unknown>();
      await ctx.startServer(async (channel) => {
        await channel.send("hello").catch(failed.resolve);
      }, { codec: theirs });
      const told = Promise.withResolvers<unknown>();
      const channel = await ctx.connect({ codec: own, onError: told.resolve });
      assertInstanceOf(await told.promise, ProtocolError);
      const error = await failed.promise;
      assertInstanceOf(error, ConnectionClosedError);
      assertEquals(error.code, "codec");
      assertEquals((await channel.closed).code, "codec");
    },
  );
}

withPlainCtx(
  "a peer without denomas gets a failure in its own codec",
  async (ctx) => {
    const server = await ctx.startServer(echo, {
      codec: msgpack(),
      onError: () => {},
    });
    using peer = await openRaw(server.address);
    peer.send('[0, 7, "a call"]');
    peer.send('[0, 8, "ignored, as is everything after it"]');
    const [type, id, text] = JSON.parse((await peer.receive())!);
    assertEquals([type, id], [2, 7]);
    assertStringIncludes(text, "CodecMismatchError: ");
    assertEquals(await peer.receive(), null);
  },
);

withPlainCtx(
  "the failure for MessagePack names the id of the call, however long",
  async (ctx) => {
    const server = await ctx.startServer(echo, {
      codec: json(),
      onError: () => {},
    });
    for (
      const [id, bytes] of [
        [5, [5]],
        [200, [0xcc, 200]],
        [0x1234, [0xcd, 0x12, 0x34]],
        [0x89abcdef, [0xce, 0x89, 0xab, 0xcd, 0xef]],
      ] as const
    ) {
      const stream = await openBytes(server.address);
      const payload = Uint8Array.of(0x93, 0, ...bytes, 0xc0);
      await stream.write(encodeFrame(payload));
      const answer = (await readAll(stream)).subarray(4);
      const [type, answered] = msgpack().decode(answer) as unknown[];
      assertEquals([type, answered], [2, id]);
      stream.close();
    }
  },
);

withPlainCtx(
  "what merely begins like another codec is a bad message and no more",
  async (ctx) => {
    const closed: Promise<unknown>[] = [];
    const server = await ctx.startServer(async (channel) => {
      closed.push(channel.closed.then(({ code }) => code));
      await echo(channel);
    }, { codec: msgpack(), onError: () => {} });
    for (const payload of ["[hello", "[0, -1, 2]", "[5, 0, 1]"]) {
      using peer = await openRaw(server.address);
      peer.send(payload);
      assertEquals(await peer.receive(), null);
    }
    assertEquals(await Promise.all(closed), [
      "protocol",
      "protocol",
      "protocol",
    ]);
  },
);

withPlainCtx(
  "a later message in another codec is a bad message, and not answered",
  async (ctx) => {
    const reason = Promise.withResolvers<string>();
    const server = await ctx.startServer(async (channel) => {
      channel.closed.then(({ code }) => reason.resolve(code));
      await echo(channel);
    }, { codec: json(), onError: () => {} });
    using peer = await openRaw(server.address);
    peer.send('[0, 0, "well"]');
    assertEquals(await peer.receive(), '[1,0,"well"]');
    peer.send(Uint8Array.of(0x93, 0, 1, 0xc0));
    assertEquals(await peer.receive(), null);
    assertEquals(await reason.promise, "protocol");
  },
);

withPlainCtx(
  "HTTP after a message is a bad frame, and not answered",
  async (ctx) => {
    const reason = Promise.withResolvers<string>();
    const server = await ctx.startServer(async (channel) => {
      channel.closed.then(({ code }) => reason.resolve(code));
      await echo(channel);
    }, { onError: () => {}, codec: json() });
    const stream = await openBytes(server.address);
    await stream.write(encodeFrame('[1, 9, "no call"]'));
    await stream.write(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    assertEquals((await readAll(stream)).length, 0);
    assertEquals(await reason.promise, "protocol");
    stream.close();
  },
);

withPlainCtx("only a first failure tells of another codec", async (ctx) => {
  await ctx.startServer(async (channel) => {
    await (await channel.recv()).reply("fine");
    const error = new Error("set another codec");
    error.name = "CodecMismatchError";
    await (await channel.recv()).fail(error);
    await (await channel.recv()).reply("still fine");
  });
  const channel = await ctx.connect();
  assertEquals(await channel.send(1), "fine");
  await assertRejects(() => channel.send(2), Error, "set another codec");
  assertEquals(await channel.send(3), "still fine");
});

withPlainCtx(
  "a peer of another codec that never ends is cut off, whatever it sends",
  async (ctx) => {
    const server = await ctx.startServer(echo, {
      codec: json(),
      onError: () => {},
    });
    const stream = await openBytes(server.address);
    const frame = encodeFrame(Uint8Array.of(0x93, 0, 0, 0xc0));
    await stream.write(frame);
    const answer = await readAll(stream);
    for (let n = 0; n < 100 && server.stats().channels > 0; n++) {
      await stream.write(frame).catch(() => {});
    }
    for (const { closed } of server.channels) await closed;
    assertEquals(server.stats().heldBytes, 0);
    // One answer, however many bytes arrive.
    assertEquals(new DataView(answer.buffer).getUint32(0), answer.length - 4);
    stream.close();
  },
);

const TLS_HELLO = Uint8Array.of(0x16, 3, 1, 0, 0xf8, 1, 0, 0, 0xf4);
const FOREIGN: readonly [name: string, bytes: Uint8Array][] = [
  ["GET", new TextEncoder().encode("GET / HTTP/1.1\r\nHost: here\r\n\r\n")],
  ["POST", new TextEncoder().encode("POST /a HTTP/1.1\r\nHost: here\r\n\r\n")],
  ["PRI", new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")],
  ["TLS", TLS_HELLO],
];

withPlainCtx(
  "a server answers HTTP and TLS once, and names them",
  async (ctx) => {
    const reported: unknown[] = [];
    const ended: string[] = [];
    const server = await ctx.startServer(async (channel) => {
      ended.push((await channel.closed).code);
    }, { onError: (error) => reported.push(error) });
    for (const [name, bytes] of FOREIGN) {
      const stream = await openBytes(server.address);
      await stream.write(bytes);
      const answer = new TextDecoder().decode(await readAll(stream));
      assertStringIncludes(answer, "HTTP/1.1 400 Bad Request\r\n");
      assertEquals(answer.split("HTTP/1.1").length, 2, name);
      stream.close();
    }
    while (server.stats().channels > 0) {
      for (const { closed } of server.channels) await closed;
    }
    assertEquals(ended, FOREIGN.map(() => "protocol-mismatch"));
    const texts = reported.map((error) => (error as Error).message);
    for (const [n, word] of ["HTTP", "HTTP", "HTTP", "TLS"].entries()) {
      assertStringIncludes(texts[n]!, word);
    }
  },
);

Deno.test("a call to a web server says that it is one", async () => {
  await using web = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response("a page"),
  );
  for (const codec of [json(), msgpack()]) {
    await using channel = await openConnection(
      `tcp://127.0.0.1:${web.addr.port}`,
      { codec },
    );
    const error = await assertRejects(
      () => channel.send("hello"),
      ConnectionClosedError,
      "web server",
    );
    assertEquals(error.code, "protocol-mismatch");
  }
});

withPlainCtx({
  name: "openConnection with TLS tries a server without it once",
  transports: ["tls"],
}, async (ctx) => {
  let connections = 0;
  await ctx.startServer(async (channel) => {
    connections++;
    await echo(channel);
  }, { tls: undefined, onError: () => {} });
  await assertRejects(
    () => ctx.connect({ retryForMs: Infinity }),
    ConnectError,
    "does not speak TLS",
  );
  assertEquals(connections, 1);
});

const CUT: readonly [Codec, string | Uint8Array][] = [
  [json(), "[0, 0, cut"],
  [msgpack(), Uint8Array.of(0x93, 0, 0)],
];

for (const [codec, payload] of CUT) {
  withPlainCtx(
    `a bad first message in ${codec.name} itself is no mismatch`,
    async (ctx) => {
      const reason = Promise.withResolvers<string>();
      const server = await ctx.startServer(async (channel) => {
        reason.resolve((await channel.closed).code);
      }, { codec, onError: () => {} });
      using peer = await openRaw(server.address);
      peer.send(payload);
      assertEquals(await peer.receive(), null);
      assertEquals(await reason.promise, "protocol");
    },
  );
}
