import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { Agent } from "../../agent/agent.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { TimeoutError } from "../../channel/errors.ts";
import { expose, service, withOptions } from "../../rpc/mod.ts";
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

withCtx({
  name: "withCtx - probes wait in virtual time, too",
  transports: ["memory"],
  simulations: 3,
}, async (ctx) => {
  let rings = 0;
  const bell = service({
    async ring(): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 50));
      rings++;
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(bell);
  const ring = remote.ring();
  await ctx.expectNothing(ring);
  await ctx.eventually(() => rings === 1);
  await ctx.within(ring);
});

Deno.test("simulateStep - probes give up in virtual time", async () => {
  const took: number[] = [];
  const never = new Promise<void>(() => {});
  await simulateStep(async (ctx) => {
    const lateAfter = async (probe: Promise<unknown>) => {
      const start = performance.now();
      await assertRejects(() => probe, Error, "within 1000 ms");
      took.push(performance.now() - start);
    };
    await lateAfter(ctx.within(never));
    await lateAfter(ctx.eventually(() => false));
  }, { ...OPTIONS, name: "late", seeds: 1 });
  // The seed runs twice, to check that it behaves the same.
  assertEquals(took, [1_000, 1_000, 1_000, 1_000]);
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

Deno.test("simulateStep - fails with a method that its server leaves running", async () => {
  const stubborn = service({ wait: () => new Promise<void>(() => {}) });
  const body: CtxBody = async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(stubborn);
    const hasty = withOptions(remote, { timeoutMs: 5 });
    await assertRejects(() => hasty.wait(), TimeoutError);
  };
  await assertRejects(
    () => simulateStep(body, { ...OPTIONS, name: "stubborn", seeds: 1 }),
    SimulationError,
    "running method 'wait'",
  );
});
