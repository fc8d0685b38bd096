import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { json } from "../channel/codecs/json/json.ts";
import { msgpack } from "../channel/codecs/msgpack/msgpack.ts";
import { ConnectionClosedError } from "../channel/errors.ts";
import { openConnection, startServer } from "../channel/deno.ts";
import { ConnectError } from "../transports/errors.ts";
import { withCtx } from "./ctx.ts";
import { echo, ignoreAll } from "./fixtures/handlers.ts";

withCtx("a client greets and the server answers", async (ctx) => {
  const results: unknown[] = [];
  const channel = await ctx.startServerAndConnect(async (channel) => {
    const request = await channel.recv();
    results.push(request.content);
    await request.reply("cya");
    await channel.close();
  });
  results.push(await channel.send("ohai"));
  await channel.close();
  assertEquals(results, ["ohai", "cya"]);
});

withCtx(
  "Ctx starts several servers and clients, and ends them all",
  async (ctx) => {
    const servers = [await ctx.startServer(echo), await ctx.startServer(echo)];
    assertNotEquals(servers[0]!.address, servers[1]!.address);
    const [first, second] = [await ctx.connect(), await ctx.connect()];
    assertEquals(servers.map(({ channels }) => channels.size), [0, 2]);
    const replies = await Promise.all([first.send(1), second.send(2)]);
    assertEquals(replies, [1, 2]);
  },
);

const schemes: Readonly<Record<string, string>> = {
  tcp: "tcp",
  tls: "tcp",
  unix: "ipc",
  memory: "local",
  ws: "ws",
};

withCtx(
  "Ctx gives another address at each read, and options, for servers by hand",
  async (ctx) => {
    assertMatch(
      ctx.address,
      new RegExp(`^${schemes[ctx.transport] ?? ctx.transport}://`),
    );
    await using one = await startServer(ctx.address, echo, ctx.options);
    await using two = await startServer(ctx.address, echo, ctx.options);
    assertNotEquals(one.address, two.address);
    await using channel = await openConnection(two.address, ctx.options);
    assertEquals(await channel.send("by hand"), "by hand");
  },
);

withCtx(
  "Ctx.closeServer closes the last server, so that nobody can connect",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(echo);
    await ctx.closeServer();
    await ctx.closeServer({ graceMs: 0 });
    assertEquals((await channel.closed).by, "peer");
    await assertRejects(() => ctx.connect(), ConnectError);
  },
);

withCtx("Ctx can cut a connection in the midst of a call", async (ctx) => {
  const channel = await ctx.startServerAndConnect(ignoreAll);
  const call = channel.send("never answered");
  channel.close({ graceMs: 0 });
  await assertRejects(() => call, ConnectionClosedError);
});

withCtx(
  "Ctx.startServerAndConnect takes options for either side",
  async (ctx) => {
    const errors: unknown[] = [];
    const channel = await ctx.startServerAndConnect(
      async (channel) => {
        await channel.recv();
        throw new Error("of the handler");
      },
      {
        server: { onError: (error) => errors.push(error) },
        client: { timeoutMs: 60_000 },
      },
    );
    await assertRejects(() => channel.send("hi"), ConnectionClosedError);
    // A custom `onError` receives the errors instead of the step.
    assertEquals([errors.length, ctx.takeHandlerErrors().length], [1, 0]);
  },
);

withCtx("Ctx.use returns what it is given", (ctx) => {
  const resource = { [Symbol.dispose]: () => {} };
  assertStrictEquals(ctx.use(resource), resource);
});

withCtx(
  "Ctx refuses to connect, or to close, before there is a server",
  async (ctx) => {
    await assertRejects(() => ctx.connect(), TypeError, "ctx.startServer");
    await assertRejects(() => ctx.closeServer(), TypeError, "ctx.startServer");
  },
);

withCtx({
  name: "withCtx runs each transport with each codec, and without a limit",
  codecs: [json(), msgpack()],
  timeoutMs: Infinity,
}, async (ctx) => {
  const channel = await ctx.startServerAndConnect(echo);
  const content = ctx.options.codec.name === "msgpack"
    ? new Uint8Array([1, 2, 3])
    : "text";
  assertEquals(await channel.send(content), content);
});

withCtx({
  name: "withCtx runs with narrower permissions",
  permissions: "none",
  transports: ["memory"],
}, async (ctx) => {
  const { state } = await Deno.permissions.query({ name: "net" });
  assertNotEquals(state, "granted");
  const channel = await ctx.startServerAndConnect(echo);
  assert(await channel.send(true));
});

withCtx.ignore("withCtx.ignore registers a test that is not run", () => {
  throw new Error("must not run");
});

Deno.test("withCtx refuses options that make no test", () => {
  const register = (options: object) => () =>
    withCtx({ name: "never registered", ...options }, () => {});
  assertThrows(register({ transports: [] }), RangeError);
  assertThrows(register({ codecs: [] }), RangeError);
  assertThrows(register({ timeoutMs: 0 }), RangeError);
  assertThrows(register({ timeoutMs: NaN }), RangeError);
});
