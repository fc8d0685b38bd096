import { assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { expose } from "../../rpc/service/expose.ts";
import { Agent } from "../agent.ts";
import { ExternalClock } from "../clock/external_clock.ts";
import { fastForward } from "../clock/pace.ts";
import { Container } from "../container.ts";

/** Counts the posts that reach it, by their times of arrival. */
class Board extends Agent {
  readonly posts = new Map<number, number>();
  @expose
  post(): void {
    const { posts } = this;
    const time = this.container.clock.time();
    posts.set(time, (posts.get(time) ?? 0) + 1);
  }
}

/** Lets `count` loops post at the same moments, and returns the times. */
async function postTogether(
  count: number,
  homes: 1 | 2,
): Promise<[time: number, posts: number][]> {
  using clock = new ExternalClock("2024-01-01");
  await using home = await Container.create("local://home", { clock });
  await using away = await Container.create("local://away", { clock });
  const board = await home.spawn(Board);
  const caller = homes === 1 ? home : away;
  const remote = await caller.connect<Board>(board.address);
  const loops = Array.from({ length: count }, async () => {
    for (let i = 0; i < 3; i++) {
      await clock.sleep(900);
      await remote.post();
    }
  });
  await fastForward(clock, { until: 2_700 });
  await Promise.all(loops);
  return [...board.posts];
}

for (const count of [1, 64, 500]) {
  withCtx(
    {
      name: `fastForward waits for ${count} calls over sockets`,
      utcStart: "2024-01-01",
    },
    async (ctx) => {
      const { clock } = ctx;
      const home = await ctx.createContainer();
      const away = await ctx.createContainer();
      const board = await home.spawn(Board);
      const remote = await away.connect<Board>(board.address);
      const loops = Array.from({ length: count }, async () => {
        for (let i = 0; i < 3; i++) {
          await clock.sleep(900);
          await remote.post();
        }
      });
      await fastForward(clock, { until: 2_700 });
      const expected = [900, 1_800, 2_700].map((time) => [time, count]);
      assertEquals([...board.posts], expected);
      await Promise.all(loops);
    },
  );
}

withCtx(
  {
    name: "fastForward waits for connections that are made on the way",
    utcStart: "2024-01-01",
  },
  async (ctx) => {
    const { clock } = ctx;
    const board = await (await ctx.createContainer()).spawn(Board);
    const work: Promise<void>[] = [];
    for (let i = 1; i <= 5; i++) {
      clock.callAt(i * 900, () =>
        work.push((async () => {
          const away = await ctx.createContainer();
          await (await away.connect<Board>(board.address)).post();
          await away.close();
        })()));
    }
    await fastForward(clock);
    const expected = [1, 2, 3, 4, 5].map((i) => [i * 900, 1]);
    assertEquals([...board.posts], expected);
    await Promise.all(work);
  },
);

withCtx(
  {
    name: "fastForward goes on without messages that are taken for lost",
    utcStart: "2024-01-01",
  },
  async (ctx) => {
    const { clock, network } = ctx;
    const board = await (await ctx.createContainer()).spawn(Board);
    const away = await ctx.createContainer();
    const remote = await away.connect<Board>(board.address);
    network.hold();
    clock.callAt(900, () => remote.post());
    clock.callAt(1_800, () => network.release());
    await fastForward(clock, { until: 1_000, lostAfterMs: 20 });
    assertEquals(board.posts.size, 0);
    await fastForward(clock, { until: 2_000, lostAfterMs: 1_000 });
    assertEquals([...board.posts], [[1_800, 1]]);
  },
);

withCtx("fastForward asks for the clock of a container", async (ctx) => {
  using clock = new ExternalClock("2024-01-01");
  const container = await ctx.createContainer({ clock });
  await assertRejects(
    () => fastForward([container as unknown as ExternalClock]),
    TypeError,
    "pass its 'clock'",
  );
});

// Without `withCtx`, whose leak ledger takes longer than all of this.
for (const count of [1, 127, 128, 1_000, 10_000]) {
  Deno.test(`fastForward skips none of ${count} calls at one moment`, async () => {
    const expected = [900, 1_800, 2_700].map((time) => [time, count]);
    assertEquals(await postTogether(count, 1), expected);
    assertEquals(await postTogether(count, 2), expected);
  });
}
