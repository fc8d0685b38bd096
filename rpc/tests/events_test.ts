import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Channel } from "../../channel/channel.ts";
import { observe } from "../../transports/internal.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { untilEnd } from "../../testing/fixtures/until_end.ts";
import type { RpcEvent } from "../_events.ts";
import { keep, withOptions } from "../options.ts";
import { service } from "../service/service.ts";

/** Collects the events of one channel, until the step ends. */
function collect(ctx: Ctx, channel: Channel) {
  const seen: RpcEvent[] = [];
  const own = new Set<object>();
  const stop = observe({
    event(event) {
      const it = event as RpcEvent;
      // Ignored, because a producer that waits for its consumer is left for a
      // few microtasks.
      if (!("subject" in it) || it.type.startsWith("work-")) return;
      if ("channel" in it && it.channel === channel) own.add(it.subject);
      if (own.has(it.subject)) seen.push(it);
    },
  });
  ctx.use({ [Symbol.dispose]: stop });
  return seen;
}

/**
 * Returns the types of events. The type of an end names the event that it ends.
 */
function types(events: readonly RpcEvent[]): string[] {
  const begun = new Map<object, string>();
  return events.map(({ type, subject }) => {
    if (type === "ended") return `${begun.get(subject)} ended`;
    begun.set(subject, type);
    return type;
  });
}

withCtx("a call emits its start and its end on both sides", async (ctx) => {
  const failing = service({
    add: (a: number, b: number) => a + b,
    fail: () => {
      throw new RangeError("no");
    },
  });
  const server = await ctx.rpc.startServer(failing);
  const client = await ctx.rpc.connect<typeof failing>();
  await client.remote.add(1, 1);
  const [accepted] = server.clients;
  const made = collect(ctx, client.channel);
  const served = collect(ctx, accepted!.channel);
  await client.remote.add(1, 2);
  await assertRejects(() => client.remote.fail());
  for (const [events, side] of [[made, "made"], [served, "served"]] as const) {
    assertEquals(types(events), [
      "call-started",
      "call-started ended",
      "call-started",
      "call-started ended",
    ]);
    const [start, end, , failed] = events;
    assert(start?.type === "call-started" && end?.type === "ended");
    assertEquals([start.side, start.path, start.args], [side, "add", [1, 2]]);
    assertEquals([end.subject, end.outcome], [start.subject, "result"]);
    assert(failed?.type === "ended" && failed.outcome === "failure");
    assert(failed.error instanceof Error);
  }
});

withCtx(
  "a call that its caller ends, or that loses its connection, says so",
  async (ctx) => {
    const idle = service({ wait: (): Promise<void> => untilEnd() });
    const server = await ctx.rpc.startServer(idle);
    const client = await ctx.rpc.connect<typeof idle>();
    const events = collect(ctx, client.channel);
    const signal = AbortSignal.abort();
    const controller = new AbortController();
    await assertRejects(() => withOptions(client.remote, { signal }).wait());
    const waiting = withOptions(client.remote, { signal: controller.signal })
      .wait();
    const late = withOptions(client.remote, { timeoutMs: 1 }).wait();
    await assertRejects(() => late);
    controller.abort();
    await assertRejects(() => waiting);
    const lost = client.remote.wait();
    lost.catch(() => {});
    await server.close({ graceMs: 0 });
    await assertRejects(() => lost);
    const outcomes = events.flatMap((it) =>
      it.type === "ended" ? [it.outcome] : []
    );
    assertEquals(outcomes, ["timed-out", "aborted", "lost"]);
  },
);

withCtx("a stream emits its opening and its end on both sides", async (ctx) => {
  const counter = service({
    async *upTo(last: number) {
      for (let i = 1; i <= last; i++) yield i;
    },
  });
  const server = await ctx.rpc.startServer(counter);
  const client = await ctx.rpc.connect<typeof counter>();
  const consumed = collect(ctx, client.channel);
  await Array.fromAsync(await client.remote.upTo(3));
  const [accepted] = server.clients;
  const produced = collect(ctx, accepted!.channel);
  for await (const _ of await client.remote.upTo(1_000)) break;
  assertEquals(types(consumed).filter((it) => it.startsWith("stream")), [
    "stream-opened",
    "stream-opened ended",
    "stream-opened",
    "stream-opened ended",
  ]);
  const opened = produced.find(({ type }) => type === "stream-opened");
  assert(opened?.type === "stream-opened" && opened.side === "produced");
  // The call continues until its stream ends.
  assertEquals(types(produced).slice(-2), [
    "stream-opened ended",
    "call-started ended",
  ]);
});

withCtx("a reference emits that it is kept and released", async (ctx) => {
  const kept: Disposable[] = [];
  const store = service({
    take: (callback: () => void) => void kept.push(keep(callback)),
  });
  const server = await ctx.rpc.startServer(store);
  const client = await ctx.rpc.connect<typeof store>();
  await client.remote.take(() => {});
  const [accepted] = server.clients;
  const here = collect(ctx, client.channel);
  const there = collect(ctx, accepted!.channel);
  await client.remote.take(() => {});
  const [start] = there;
  const holds = there.filter((it) => it.type === "reference-kept");
  assert(start?.type === "call-started");
  assertEquals(holds.map(({ holder }) => holder), ["local"]);
  assertEquals(holds[0]!.call, start.subject);
  assert(!types(there).includes("reference-kept ended"));
  for (const it of kept) it[Symbol.dispose]();
  assert(types(there).includes("reference-kept ended"));
  await client.close();
  const passed = here.filter((it) => it.type === "reference-kept");
  assertEquals(passed.map(({ holder }) => holder), ["peer"]);
  assertEquals(
    types(here).filter((it) => it === "reference-kept ended").length,
    1,
  );
});
