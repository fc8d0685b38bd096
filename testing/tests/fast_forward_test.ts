import { assert, assertEquals, assertRejects } from "@std/assert";
import { Agent } from "../../agent/agent.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { expose } from "../../rpc/service/expose.ts";
import { service } from "../../rpc/service/service.ts";
import type { Ctx } from "../ctx_contract.ts";
import { withCtx } from "../fixtures/everywhere.ts";

const utcStart = "2024-01-01";

/**
 * A meter that a station in another container reads each hour, in two steps.
 */
class Meter extends Agent {
  @expose
  async read(): Promise<number> {
    // Each answer takes some turns of the microtask queue.
    for (let turn = 0; turn < 3; turn++) await Promise.resolve();
    return this.container.clock.time();
  }
}

/**
 * Calls `ask` at each of `times` hours, and records the times of the answers.
 */
function measure(
  ctx: Ctx,
  times: number,
  ask: () => Promise<number>,
): number[][] {
  const seen: number[][] = [];
  const { clock } = ctx;
  const start = async () => {
    const due = clock.time();
    if (seen.push([due]) < times) clock.callIn(3_600, start);
    const row = seen.at(-1)!;
    row.push(await ask(), await ask(), clock.time());
  };
  clock.callIn(3_600, start);
  return seen;
}

const HOURS = 6;
const expected = Array.from(
  { length: HOURS },
  (_, hour) => Array<number>(4).fill((hour + 1) * 3_600),
);

withCtx({
  name: "ctx.fastForward waits for messages between containers",
  utcStart,
  codecs,
}, async (ctx) => {
  const there = await ctx.createContainer();
  const here = await ctx.createContainer();
  const { address } = await there.spawn(Meter);
  const meter = await here.connect<Meter>(address);
  const seen = measure(ctx, HOURS, () => meter.read());
  await ctx.fastForward();
  assertEquals(seen, expected);
});

withCtx({
  name: "ctx.fastForward waits for messages between a server and its clients",
  utcStart,
  codecs,
}, async (ctx) => {
  const { clock } = ctx;
  await ctx.rpc.startServer(service({ read: () => clock.time() }));
  type Clocks = { read(): number };
  const one = await ctx.rpc.connect<Clocks>();
  const two = await ctx.rpc.connect<Clocks>();
  const [first, second] = [one, two].map(({ remote }) =>
    measure(ctx, HOURS, async () => await remote.read())
  );
  await ctx.fastForward({ until: HOURS * 3_600 + 5 });
  assertEquals([first, second], [expected, expected]);
  assertEquals(clock.time(), HOURS * 3_600 + 5);
});

withCtx({
  name: "ctx.fastForward goes on where the network loses messages",
  utcStart,
  transports: ["memory"],
}, async (ctx) => {
  const { network, clock } = ctx;
  const { remote } = await ctx.rpc.startServerAndConnect(
    service({ read: () => clock.time() }),
  );
  assertEquals(await remote.read(), 0);
  network.blackHole();
  const lost = remote.read().catch(() => {});
  let isDue = false;
  clock.callIn(60, () => void (isDue = true));
  await ctx.fastForward();
  assert(isDue);
  network.reset();
  await lost;
});

withCtx("ctx.fastForward needs a clock", async (ctx) => {
  await assertRejects(() => ctx.fastForward(), TypeError, "utcStart");
});
