import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { AssertionError } from "node:assert";
import { startServer } from "../../channel/deno.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { pause } from "../../channel/internal.ts";
import { openReconnecting } from "../../rpc/reconnect/deno.ts";
import { service } from "../../rpc/service/service.ts";
import { withCtx as register } from "../ctx.ts";
import type { Ctx } from "../ctx_contract.ts";
import { withCtx } from "../fixtures/everywhere.ts";
import { echo } from "../fixtures/handlers.ts";

withCtx(
  "ctx.restartServer crashes a server, and starts it again at its address",
  async (ctx) => {
    const server = await ctx.startServer(echo);
    const channel = await ctx.connect();
    assertEquals(await channel.send("before"), "before");
    const again = await ctx.restartServer();
    assertEquals(again.address, server.address);
    await assertRejects(() => channel.send("lost"), ConnectionClosedError);
    assertEquals(await (await ctx.connect()).send("after"), "after");
    // It also works after a close.
    await ctx.closeServer();
    await ctx.restartServer();
    assertEquals(await (await ctx.connect()).send("at last"), "at last");
  },
);

withCtx(
  "ctx.rpc.restartServer is survived by clients that reconnect",
  async (ctx) => {
    let starts = 0;
    const counter = service({ count: () => ++starts });
    const server = await ctx.rpc.startServer(counter);
    await using client = await openReconnecting<typeof counter>(
      server.address,
      { ...ctx.options, backoff: { initialMs: 1 }, idempotent: ["count"] },
    );
    assertEquals(await client.remote.count(), 1);
    await ctx.rpc.restartServer();
    assertEquals(await client.remote.count(), 2);
  },
);

withCtx(
  "ctx.restartServer waits for its address while somebody else has it",
  async (ctx) => {
    const { address } = await ctx.startServer(echo);
    await ctx.closeServer();
    const other = await startServer(address, () => {}, ctx.options);
    const restarting = ctx.restartServer();
    await pause(60, undefined);
    await other.close();
    assertEquals((await restarting).address, address);
    assertEquals(await (await ctx.connect()).send("after"), "after");
  },
);

withCtx("restartServer needs a server", async (ctx) => {
  await assertRejects(() => ctx.restartServer(), TypeError, "startServer");
});

const order: string[] = [];
register({
  name: "beforeEach and afterEach run around the body on each transport",
  transports: ["memory", "tcp", "unix"],
  async beforeEach(ctx) {
    // The `afterEach` of the previous step has run.
    assertEquals(order, []);
    order.push(`before ${ctx.transport}`);
    await ctx.startServer(echo);
  },
  afterEach(ctx) {
    assertEquals(order.splice(0), [`before ${ctx.transport}`, "body"]);
  },
}, async (ctx) => {
  order.push("body");
  const channel = await ctx.connect();
  assertEquals(await channel.send(1), 1);
});

async function refusal(work: Promise<unknown>): Promise<AssertionError> {
  const error = await work.then(() => null, (error) => error);
  assertInstanceOf(error, AssertionError);
  return error;
}

withCtx(
  "ctx.eventually waits for what comes, and tells what did not",
  async (ctx) => {
    let count = 0;
    assertEquals(await ctx.eventually(() => ++count === 3 && "three"), "three");
    await ctx.eventually(() => assertEquals(++count, 40));
    const never = await refusal(ctx.eventually(() => false, { withinMs: 5 }));
    assertStringIncludes(
      never.message,
      "within 5 ms: the check returned false",
    );
    const cause = new RangeError("not yet");
    const throws = () => Promise.reject(cause);
    const late = await refusal(ctx.eventually(throws, { withinMs: 5 }));
    assertEquals(late.cause, cause);
  },
);

withCtx("ctx.within passes on what settles in time", async (ctx) => {
  assertEquals(await ctx.within(Promise.resolve(5)), 5);
  const failing = Promise.reject(new RangeError("no"));
  await assertRejects(() => ctx.within(failing), RangeError, "no");
  const { promise } = Promise.withResolvers<void>();
  const late = await refusal(ctx.within(promise, { withinMs: 5 }));
  assertStringIncludes(late.message, "within 5 ms");
});

/** Connects to a server that sends its first message when `speak` is called. */
async function connectToQuiet(ctx: Ctx) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const channel = await ctx.startServerAndConnect(async (channel) => {
    await promise;
    await channel.send("news").catch(() => {});
  });
  return { channel, speak: resolve };
}

withCtx(
  "ctx.expectNothing holds while nothing comes, and only then",
  async (ctx) => {
    const { channel, speak } = await connectToQuiet(ctx);
    const next = channel.recv();
    await ctx.expectNothing(next);
    speak();
    await refusal(ctx.expectNothing(next, { forMs: 5_000 }));
    await (await next).reply(null);
    const error = await refusal(
      ctx.expectNothing(Promise.reject(new Error("x"))),
    );
    assertStringIncludes(error.message, "it rejected with Error: x");
  },
);
