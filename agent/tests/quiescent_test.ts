import { assertEquals, assertRejects } from "@std/assert";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { Agent } from "../agent.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";
import { quiescent } from "../clock/quiescent.ts";

/** Passes a rumour on to others, which do the same. */
class Gossip extends Agent {
  others: Remote<Gossip>[] = [];
  heard = 0;
  waitS = 0;
  @expose
  async hear(left: number): Promise<void> {
    this.heard++;
    if (this.waitS > 0) await this.container.clock.sleep(this.waitS);
    if (left === 0) return;
    // These calls are not awaited.
    for (const other of this.others) other.hear(left - 1).catch(() => {});
  }
}

async function isOver(work: Promise<void>): Promise<boolean> {
  let isOver = false;
  work.then(() => isOver = true, () => {});
  for (let turn = 0; turn < 50; turn++) await nextTurn();
  return isOver;
}

withCtx("quiescent waits for calls that nobody awaits", async (ctx) => {
  const homes = [];
  for (let i = 0; i < 3; i++) homes.push(await ctx.createContainer());
  const gossips = await Promise.all(homes.map((it) => it.spawn(Gossip)));
  for (const [i, gossip] of gossips.entries()) {
    for (const other of [1, 2]) {
      const { address } = gossips[(i + other) % 3]!;
      gossip.others.push(await homes[i]!.connect<Gossip>(address));
    }
  }
  gossips[0]!.waitS = 0.005;
  await gossips[0]!.hear(7);
  await quiescent(homes);
  const heard = gossips.reduce((sum, it) => sum + it.heard, 0);
  assertEquals(heard, 2 ** 8 - 1);
});

withCtx(
  {
    name: "quiescent waits for what is due by a simulated clock",
    utcStart: "2024-01-01",
  },
  async (ctx) => {
    const { clock } = ctx;
    const [home, away] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const gossip = await home.spawn(Gossip);
    gossip.waitS = 60;
    const remote = await away.connect<Gossip>(gossip.address);
    const watching = away.watch(gossip.address);
    const calling = remote.hear(0);
    const ended = quiescent([home, away], { signal: ctx.signal });
    assertEquals(await isOver(ended), false);
    await fastForward(clock);
    await calling;
    await ended;
    assertEquals([clock.time(), gossip.heard], [60, 1]);
    await gossip.close();
    await watching;
  },
);

withCtx(
  "quiescent leaves out what is closed, and can be given up",
  async (ctx) => {
    const [home, away] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const gossip = await home.spawn(Gossip);
    gossip.waitS = 3_600;
    const remote = await away.connect<Gossip>(gossip.address);
    const calling = assertRejects(() => remote.hear(0));
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = quiescent([home, away], { signal });
    const ended = quiescent([home, away], { signal: ctx.signal });
    assertEquals(await isOver(waiting), false);
    controller.abort(new Error("enough"));
    await assertRejects(() => waiting, Error, "enough");
    await home.close({ graceMs: 0 });
    await calling;
    await ended;
  },
);

withCtx("quiescent refuses what is no container", async (ctx) => {
  const { address } = await ctx.createContainer();
  const wrong = [address] as unknown as Container[];
  await assertRejects(() => quiescent(wrong), TypeError, address);
});
