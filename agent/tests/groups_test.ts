import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RemoteError, TimeoutError } from "../../channel/errors.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { Agent } from "../agent.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";
import { aborted, until } from "../fixtures/until.ts";
import { reopen } from "../fixtures/reopen.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";

class Bidder extends Agent {
  readonly heard: string[] = [];
  hasBegun = false;
  readonly #price: number;

  constructor(container: Container, price: number) {
    super(container);
    this.#price = price;
  }

  @expose
  hear(text: string): void {
    this.heard.push(text);
  }

  @expose
  async quote(what: string): Promise<string> {
    if (this.#price < 0) throw new RangeError(`no ${what}`);
    await this.container.clock.sleep(this.#price);
    return `${this.#price} for ${what}`;
  }

  /** Answers immediately if its price is 0, otherwise when told to end. */
  @expose
  async ponder(): Promise<number> {
    this.hasBegun = true;
    if (this.#price === 0) return 0;
    try {
      return await aborted(call().signal);
    } finally {
      this.hear("cancelled");
    }
  }

  /** Asks its own group, and is called back within its turn. */
  @expose
  async consult(home: string): Promise<number> {
    const group = this.container.group<Bidder>("bidders", { home });
    return (await group.ask().ping()).length;
  }

  @expose
  ping(): string {
    return this.address;
  }
}

/**
 * Makes containers, each with one bidder per price in its list, all in one
 * group.
 */
async function market(ctx: Ctx, prices: readonly (readonly number[])[]) {
  const home = await ctx.createContainer();
  const bidders: Bidder[] = [];
  const containers: Container[] = [];
  for (const some of prices) {
    const container = await ctx.createContainer();
    containers.push(container);
    const group = container.group("bidders", { home: home.address });
    for (const price of some) {
      const bidder = await container.spawn(Bidder, price);
      await group.join(bidder);
      bidders.push(bidder);
    }
  }
  const asker = await ctx.createContainer();
  const group = asker.group<Bidder>("bidders", { home: home.address });
  return { home, containers, bidders, group };
}

withCtx(
  "a group tells all members, with one message for each container",
  async (ctx) => {
    const { home, bidders, group } = await market(ctx, [[0, 0, 0], [0, 0]]);
    assertEquals(await group.members(), bidders.map((it) => it.address));
    const { calls, requests } = home.stats();
    group.notify.hear("one");
    group.notify.hear("two");
    await until(() => bidders.every((it) => it.heard.length === 2));
    for (const { heard } of bidders) assertEquals(heard, ["one", "two"]);
    const after = home.stats();
    assertEquals([after.requests - requests, after.calls - calls], [2, 4]);
  },
);

withCtx(
  "Group.ask resolves to the answer or the error of each member, in their order",
  async (ctx) => {
    const { bidders, group } = await market(ctx, [[0.002, -1], [0]]);
    const quotes = await group.ask().quote("tulips");
    assertEquals(
      quotes.map((it) => it.member),
      bidders.map((it) => it.address),
    );
    const [slow, failed, fast] = quotes;
    assertEquals([slow?.value, fast?.value], [
      "0.002 for tulips",
      "0 for tulips",
    ]);
    assert(failed?.error instanceof RemoteError);
    assertEquals([failed.error.remoteName, failed.error.message], [
      "RangeError",
      "no tulips",
    ]);
  },
);

withCtx(
  "Group.ask with atLeast resolves early, and cancels the other calls",
  async (ctx) => {
    const { bidders, group } = await market(ctx, [[1, 0], [0, 1]]);
    const answers = await group.ask({ atLeast: 2 }).ponder();
    assertEquals(answers.map((it) => it.value), [0, 0]);
    await until(() =>
      bidders.every((it, i) => it.heard.length === [1, 0, 0, 1][i])
    );
  },
);

withCtx("Group.ask rejects where atLeast cannot be had", async (ctx) => {
  const { group } = await market(ctx, [[0], [-1]]);
  const small = await assertRejects(
    () => group.ask({ atLeast: 3 }).quote("tulips"),
    AggregateError,
    "it has 2 members, at least 3 should give a value",
  );
  // Not known: the members have not been waited for.
  assertEquals(small.errors, []);
  const error = await assertRejects(
    () => group.ask({ atLeast: 2 }).quote("tulips"),
    AggregateError,
    "1 of its 2 members gave a value, at least 2 should",
  );
  assertEquals(error.errors.map((it) => it.remoteName), ["RangeError"]);
  for (const atLeast of [-1, 1.5, NaN, Infinity]) {
    assertThrows(() => group.ask({ atLeast }), RangeError, `${atLeast}`);
  }
  assertThrows(() => group.ask({ within: NaN }), RangeError);
});

withCtx("Group.ask is given up with its signal", async (ctx) => {
  const { bidders, group } = await market(ctx, [[1], [1]]);
  const controller = new AbortController();
  const asking = group.ask({ signal: controller.signal }).ponder();
  controller.abort(new RangeError("enough"));
  await assertRejects(() => asking, RangeError, "enough");
  // A call may have been cancelled before it was sent.
  assert(bidders.every((it) => it.heard.length <= 1));
});

withCtx({
  name: "Group.ask waits in the time of the container's clock",
  utcStart: "2024-01-01",
  // Other transports need real time for their messages.
  transports: ["memory"],
}, async (ctx) => {
  const { group } = await market(ctx, [[1, 10], [2]]);
  const asking = group.ask({ within: 5 }).quote("tulips");
  await fastForward(ctx.clock, { until: 60 });
  const [first, late, last] = await asking;
  assertEquals([first?.value, last?.value], ["1 for tulips", "2 for tulips"]);
  assert(late?.error instanceof TimeoutError);
});

withCtx(
  "agents leave a group when they close, and when their container does",
  async (ctx) => {
    const { home, bidders, containers, group } = await market(ctx, [[0, 0], [
      0,
    ]]);
    const [, b, c] = bidders.map((it) => it.address);
    await bidders[0]!.close();
    assertEquals(await group.members(), [b, c]);
    assertEquals(home.stats().groupMembers, 2);
    await containers[1]!.close();
    assertEquals(await group.members(), [b]);
    // An agent can be removed only by its own container.
    await group.leave(bidders[1]!);
    assertEquals((await group.ask().ping()).length, 1);
    const own = containers[0]!.group("bidders", { home: home.address });
    await own.leave(bidders[1]!);
    assertEquals([await group.members(), await group.ask().ping()], [[], []]);
    assertEquals(home.stats().groupMembers, 0);
  },
);

withCtx(
  "members of a lost container have the loss in their place",
  async (ctx) => {
    const { bidders, containers, group } = await market(ctx, [[1], [0]]);
    const asking = group.ask().ponder();
    await until(() => bidders.every((it) => it.hasBegun));
    await containers[0]!.close({ graceMs: 0 });
    const [lost, found] = await asking;
    assertEquals(found?.value, 0);
    assert(lost?.error instanceof Error, String(lost?.value));
  },
);

withCtx("members join again when their home comes back", async (ctx) => {
  const { home, bidders, group } = await market(ctx, [[0], [0]]);
  await home.close();
  await using again = await reopen(home.address, ctx.options);
  const members = async () => await group.members().catch(() => []);
  while ((await members()).length < bidders.length) await nextTurn();
  assertEquals(again.address, home.address);
  const answers = await group.ask().ping();
  assertEquals(
    answers.map((it) => it.value).sort(),
    bidders.map((it) => it.address).sort(),
  );
});

withCtx(
  "a member has one place while its home does not know that a connection is lost",
  async (ctx) => {
    const { network } = ctx;
    const { home, containers, bidders, group } = await market(ctx, [[0]]);
    network.halfOpen({ of: containers[0]!, openAt: "server" });
    await until(() => home.stats().groupMembers === 2);
    const { address } = bidders[0]!;
    assertEquals(await group.members(), [address]);
    const answers = await group.ask().ping();
    assertEquals(answers, [{ member: address, value: address }]);
  },
);

withCtx(
  "an agent that asks its own group is called back within its turn",
  async (ctx) => {
    const { home, bidders } = await market(ctx, [[0], [0, 0]]);
    for (const container of [home, await ctx.createContainer()]) {
      const bidder = await container.connect<Bidder>(bidders[1]!.address);
      assertEquals(await bidder.consult(home.address), 3);
    }
  },
);

withCtx(
  "Group.any calls one member, and passes over those that are away",
  async (ctx) => {
    const { home, bidders, containers, group } = await market(ctx, [
      [0, 0],
      [0],
    ]);
    const called = new Set<string>();
    while (called.size < bidders.length) called.add(await group.any.ping());
    assertEquals([...called].sort(), bidders.map((it) => it.address).sort());
    assertEquals(home.stats().groupMembers, 3);

    // The home still lists the closed member, which has not run the call.
    bidders[0]!.close();
    for (let call = 0; call < 5; call++) {
      assert(await group.any.ping() !== bidders[0]!.address);
    }
    await containers[0]!.close();
    assertEquals(await group.any.ping(), bidders[2]!.address);
    group.any.hear("one");
    await until(() => bidders[2]!.heard.length === 1);
    await bidders[2]!.close();
    await assertRejects(() => group.any.ping(), AgentNotFoundError);
  },
);

withCtx("Group.any passes on what its member throws", async (ctx) => {
  const { group } = await market(ctx, [[-1]]);
  const error = await assertRejects(
    () => group.any.quote("tulips"),
    RemoteError,
    "no tulips",
  );
  assertEquals(error.remoteName, "RangeError");
});

withCtx("only agents of the container join a group by it", async (ctx) => {
  const { home, bidders, group } = await market(ctx, [[0]]);
  await assertRejects(() => group.join(bidders[0]!), TypeError);
  const proxy = await home.connect<Bidder>(bidders[0]!.address);
  await assertRejects(
    () => group.join(proxy as unknown as Bidder),
    TypeError,
    "it is a proxy",
  );
  assertThrows(() => home.group("bidders", { home: "nowhere" }), TypeError);
  const { address } = bidders[0]!;
  // Containers may have paths in their addresses on other transports.
  if (!/^(tcp|ipc|local):/.test(address)) return;
  assertThrows(() => home.group("bidders", { home: address }), TypeError);
});
