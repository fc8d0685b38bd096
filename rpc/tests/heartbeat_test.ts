import { assert, assertEquals, assertRejects } from "@std/assert";
import { startServer as startChannelServer } from "../../channel/deno.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { openConnection } from "../deno.ts";
import { service } from "../service/service.ts";

const greeter = service({ greet: (name: string) => `Hello, ${name}` });

/**
 * Serves a peer that answers the hello as given and the first call, and then
 * nothing.
 */
function startMute(ctx: Ctx, hasExtensions: boolean, seen: string[]) {
  return startChannelServer(ctx.address, async (channel) => {
    for await (const request of channel) {
      const [path] = request.content as [string];
      seen.push(path);
      if (path === "$/hello") {
        await (hasExtensions
          ? request.reply({ version: 1, features: [] })
          : request.fail("KeyError: $"));
      } else if (path === "greet") await request.reply("Hello");
    }
  }, ctx.options);
}

withCtx(
  "a peer that is silently gone is noticed after two misses",
  async (ctx) => {
    const seen: string[] = [];
    const server = ctx.use(await startMute(ctx, true, seen));
    const client = ctx.use(
      await openConnection<typeof greeter>(server.address, {
        ...ctx.options,
        heartbeatMs: 20,
      }),
    );
    assertEquals(await client.remote.greet("Ada"), "Hello");
    const pending = assertRejects(
      () => (client.remote as unknown as { never(): Promise<void> }).never(),
      ConnectionClosedError,
    );
    const { by, code } = await client.closed;
    assertEquals([by, code], ["error", "heartbeat"]);
    await pending;
    assertEquals(seen.filter((path) => path === "$/ping").length, 2);
    assertEquals(client.stats().pendingCalls, 0);
  },
);

withCtx({
  name: "a peer that only asks is gone, since nothing shows that it hears",
  codecs,
}, async (ctx) => {
  // Simulates a connection that is cut in one direction.
  const server = await ctx.startServer(async (channel) => {
    const hello = await channel.recv();
    await hello.reply({ version: 1, features: ["ping"] });
    const asking = setInterval(
      () => channel.send(["$/ping", [], {}]).catch(() => {}),
      5,
    );
    await channel.closed;
    clearInterval(asking);
  });
  const client = ctx.use(
    await openConnection(server.address, { ...ctx.options, heartbeatMs: 30 }),
  );
  const { by, code } = await client.closed;
  assertEquals([by, code], ["error", "heartbeat"]);
  assert(client.stats().requests > 3);
});

withCtx("a peer without extensions gets no heartbeats", async (ctx) => {
  const seen: string[] = [];
  const server = ctx.use(await startMute(ctx, false, seen));
  const client = ctx.use(
    await openConnection<typeof greeter>(server.address, {
      ...ctx.options,
      heartbeatMs: 5,
    }),
  );
  assertEquals(await client.remote.greet("Ada"), "Hello");
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, 50);
  await promise;
  assertEquals(await client.remote.greet("Bob"), "Hello");
  assertEquals(seen, ["$/hello", "greet", "greet"]);
});

withCtx(
  "an idle connection between two denomas peers lives on",
  async (ctx) => {
    await ctx.rpc.startServer(greeter, { heartbeatMs: 20 });
    const client = await ctx.rpc.connect<typeof greeter>({ heartbeatMs: 20 });
    await client.remote.greet("Ada");
    const before = client.stats().framesIn;
    while (client.stats().framesIn < before + 8) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assertEquals(await client.remote.greet("Bob"), "Hello, Bob");
    assert(client.stats().pendingCalls <= 1);
    // The ledger would detect a timer that outlives the close.
    await client.close();
  },
);
