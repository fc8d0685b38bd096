import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { Agent } from "../../agent/agent.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { expose } from "../../rpc/mod.ts";
import { withCtx } from "../ctx.ts";
import type { CtxBody } from "../ctx_contract.ts";
import { SimulationError } from "./errors.ts";
import { simulateStep } from "./simulated_step.ts";

class Echo extends Agent {
  @expose
  echo(text: string): string {
    return text;
  }
}

const PLAN = {
  name: "simulated",
  transport: "memory",
  codec: json(),
  utcStart: undefined,
  ignoredBecause: null,
} as const;

const OPTIONS = { plan: PLAN, timeoutMs: 5_000, trace: false, site: "here" };

withCtx({
  name: "withCtx - runs its body in simulated worlds, too",
  transports: ["memory"],
  simulations: 3,
}, async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) await request.reply(request.content);
  });
  assertEquals(await channel.send("ohai"), "ohai");
  const container = await ctx.createContainer();
  const { address } = await container.spawn(Echo);
  const other = await ctx.createContainer();
  const echo = await other.connect<Echo>(address);
  assertEquals(await echo.echo("hello"), "hello");
});

Deno.test("simulateStep - lets virtual time pass in each body", async () => {
  const took: number[] = [];
  const before = performance.now();
  await simulateStep(async () => {
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    took.push(performance.now() - start);
  }, { ...OPTIONS, name: "wait", seeds: 3 });
  // The first seed runs twice, to check that it behaves the same.
  assertEquals(took, [4_000, 4_000, 4_000, 4_000]);
  assert(performance.now() - before < 4_000);
});

Deno.test("simulateStep - fails with what a body leaves, and its seed", async () => {
  const body: CtxBody = async (ctx) => {
    const { address } = await ctx.startServer(() => {});
    const { openConnection } = await import("../../channel/deno.ts");
    await openConnection(address, ctx.options);
  };
  const error = await assertRejects(
    () => simulateStep(body, { ...OPTIONS, name: "leak", seeds: 2 }),
    SimulationError,
    "channel",
  );
  assertEquals(error.seed, 1);
  assertInstanceOf(error.cause, Error);
});
