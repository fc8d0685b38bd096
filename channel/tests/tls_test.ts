import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { echo } from "../../testing/fixtures/handlers.ts";
import {
  ConnectError,
  HandshakeError,
  ProtocolError,
} from "../../transports/errors.ts";
import { tcp } from "../../transports/tcp.ts";
import { ConnectionClosedError } from "../errors.ts";
import { openConnection, startServer } from "../deno.ts";
import type { ErrorContext } from "../report.ts";

const transports = ["tls"] as const;

withCtx({
  name: "Channel.peer names both sides by their certificates",
  transports,
}, async (ctx) => {
  const peers: (string | null)[] = [];
  const server = await ctx.startServer((channel) => {
    peers.push(channel.peerName);
    return echo(channel);
  });
  const ada = await ctx.authority.issue({ name: "Ada" });
  const tls = { ...ctx.options.tls, ...ada };
  for (const channel of [await ctx.connect(), await ctx.connect({ tls })]) {
    assertEquals(channel.peerName, "ctx");
    assertEquals(await channel.send("hello"), "hello");
  }
  assertEquals(peers, ["ctx", "Ada"]);
  const { handshakes, failedHandshakes } = server.stats();
  assertEquals([handshakes, failedHandshakes], [0, 0]);
});

withCtx({
  name: "startServer reports and counts each handshake that fails",
  transports,
}, async (ctx) => {
  const told = Promise.withResolvers<[unknown, ErrorContext]>();
  const server = await ctx.startServer(echo, {
    onError: (error, context) => told.resolve([error, context]),
  });
  const { caCerts } = ctx.options.tls!;
  const error = await assertRejects(
    () => ctx.connect({ tls: { caCerts } }),
    ConnectError,
    "give 'cert' and 'key'",
  );
  assertInstanceOf(error.cause, HandshakeError);
  const [reported, context] = await told.promise;
  assertInstanceOf(reported, HandshakeError);
  assertEquals(reported.code, "no-certificate");
  assertEquals(context, { kind: "accept", address: reported.address });
  const { channels, handshakes, failedHandshakes } = server.stats();
  assertEquals([channels, handshakes, failedHandshakes], [0, 0, 1]);
});

withCtx({
  name: "startServer keeps to the limits on handshakes",
  transports,
}, async (ctx) => {
  const told = Promise.withResolvers<unknown>();
  const server = await ctx.startServer(echo, {
    limits: { handshakes: { timeoutMs: 1_000, max: 1 } },
    onError: told.resolve,
  });
  const port = Number(server.address.split(":").at(-1));
  using slow = await Deno.connect({ hostname: "127.0.0.1", port });
  // The silent client is cut to make room for one that sends a request.
  assertEquals(await (await ctx.connect()).send("room"), "room");
  assertEquals(await slow.read(new Uint8Array(1)), null);
  const { handshakes, refusedConnections } = server.stats();
  assertEquals([handshakes, refusedConnections], [0, 1]);
  using late = await Deno.connect({ hostname: "127.0.0.1", port });
  const error = await told.promise;
  assertInstanceOf(error, HandshakeError);
  assertEquals(error.code, "timeout");
  assertEquals(await late.read(new Uint8Array(1)), null);
});

withCtx({
  name: "a call in plain text to a server with TLS says why it failed",
  transports,
}, async (ctx) => {
  const told = Promise.withResolvers<unknown>();
  await ctx.startServer(echo, { onError: told.resolve });
  const channel = await ctx.connect({ tls: undefined });
  const error = await assertRejects(
    () => channel.send("in plain text"),
    ConnectionClosedError,
    "set the option 'tls'",
  );
  assertInstanceOf(error.cause, ProtocolError);
  const reported = await told.promise;
  assertInstanceOf(reported, HandshakeError);
  assertEquals(reported.code, "not-tls");
});

withCtx({
  name: "openConnection with TLS tells a server without it",
  transports,
}, async (ctx) => {
  const told = Promise.withResolvers<unknown>();
  await ctx.startServer(echo, { tls: undefined, onError: told.resolve });
  await assertRejects(
    () => ctx.connect(),
    ConnectError,
    "set the option 'tls' there",
  );
  assertInstanceOf(await told.promise, ProtocolError);
});

withCtx({
  name: "openConnection tries again while the other side is refused",
  transports,
}, async (ctx) => {
  const { authority, options } = ctx;
  const expired = await authority.issue({ validTo: new Date(Date.now() - 1) });
  const told = Promise.withResolvers<void>();
  const first = await startServer(ctx.address, echo, {
    ...options,
    tls: expired,
    onError: () => told.resolve(),
  });
  const connecting = openConnection(first.address, {
    ...options,
    retryForMs: Infinity,
  });
  await told.promise;
  await first.close();
  ctx.use(await startServer(first.address, echo, options));
  const channel = ctx.use(await connecting);
  assertEquals(await channel.send("renewed"), "renewed");
});

Deno.test("nothing that asks for TLS goes without", async () => {
  const tls = {};
  const places = ["ipc://[/tmp/never-used]", "local://never-used"];
  for (const address of places) {
    for (
      const act of [
        () => startServer(address, echo, { tls }),
        () => openConnection(address, { tls }),
      ]
    ) {
      const error = await assertRejects(act, TypeError);
      assertStringIncludes(error.message, "with TLS");
    }
  }
  await assertRejects(
    () => openConnection("tcp://127.0.0.1:9", { tls, transports: [tcp()] }),
    TypeError,
    "both 'tls' and 'transports'",
  );
});

Deno.test("a program without TLS does not load what it is built on", async () => {
  const mod = new URL("../../mod.ts", import.meta.url);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", "--no-remote", "--no-npm", mod.href],
    stderr: "null",
  }).output();
  const { modules } = JSON.parse(new TextDecoder().decode(stdout));
  const uses: string[] = [];
  for (const { specifier, dependencies = [] } of modules) {
    if (!specifier.startsWith(new URL("..", import.meta.url).href)) continue;
    for (const { specifier: name, code, isDynamic } of dependencies) {
      const isBuiltOn = ["node:tls", "node:stream", "node:crypto"]
        .includes(name);
      if (isBuiltOn && code !== undefined && !isDynamic) uses.push(specifier);
    }
  }
  assertEquals(uses, []);
  assert(modules.length > 100);
});
