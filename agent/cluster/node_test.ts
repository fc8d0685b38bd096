import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { ConnectionClosedError, RemoteError } from "../../channel/errors.ts";
import { notify } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { ConnectError } from "../../transports/errors.ts";
import { Agent } from "../agent.ts";
import type { AgentOptions } from "../agent_options.ts";
import type { Container } from "../container.ts";
import { addressOf } from "../address.ts";
import { ContainerClosedError } from "../errors.ts";
import { until } from "../fixtures/until.ts";
import { activationOf } from "./activation.ts";
import { containerEngine } from "./container_engine.ts";
import { EngineAgent } from "./engine_agent.ts";
import { memoryEngine } from "./memory_engine.ts";
import { StaleEpochError } from "./errors.ts";
import type { Engine } from "./engine.ts";
import { Node } from "./node.ts";
import type { NodeOptions } from "./node_options.ts";

/** A virtual agent with a state. */
class Auction extends Agent {
  #price = 0;

  protected override snapshot() {
    return this.#price;
  }
  protected override restore(price: number) {
    this.#price = price;
  }

  @expose
  async bid(price: number): Promise<string> {
    if (price <= this.#price) throw new RangeError(`it is at ${this.#price}`);
    this.#price = price;
    await this.save();
    return this.where();
  }

  @expose
  price(): number {
    return this.#price;
  }

  @expose
  where(): string {
    return activationOf(this).node;
  }

  @expose
  activation() {
    return activationOf(this);
  }

  /** Asks another auction through a given proxy. */
  @expose
  async compare(other: Remote<Auction>): Promise<number> {
    return this.#price - await other.price();
  }

  @expose
  sell(): void {
    void this.close();
  }
}

/** Joins nodes of one cluster, each on its own engine. */
async function cluster(
  ctx: Ctx,
  names: readonly string[],
  options: Partial<NodeOptions> = {},
) {
  await using stack = new AsyncDisposableStack();
  const home = await ctx.createContainer();
  const { address } = await home.spawn(EngineAgent);
  const engines: Engine[] = [];
  const nodes: Node[] = [];
  for (const name of names) {
    const engine = await containerEngine(address, ctx.options);
    engines.push(stack.use(engine));
    const common = { ...ctx.options, ...options, engine, name };
    const terms = { ...common, address: ctx.address };

    nodes.push(stack.use(await Node.join("market", terms)));
  }
  const open = stack.move();
  return {
    nodes,
    engines,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Offers auctions on all nodes, and waits until all nodes know. */
async function offerAll(nodes: readonly Node[]): Promise<void> {
  await Promise.all(nodes.map((it) => it.offer({ Auction })));
  const isKnown = ({ members }: Node) =>
    nodes.every(({ name }) => members.get(name)?.offers.includes("Auction"));
  await until(() => nodes.every(isKnown));
}

withCtx("nodes and engines are closed by ctx.use", async (ctx) => {
  const home = await ctx.createContainer();
  const { address } = await home.spawn(EngineAgent);
  const inMemory = await memoryEngine();
  const engines = [
    await containerEngine(address, ctx.options),
    await memoryEngine(inMemory),
  ];
  for (const engine of engines) {
    ctx.use(engine);
    const terms = { ...ctx.options, address: ctx.address, name: "a" };
    const node = ctx.use(await Node.join("market", { ...terms, engine }));
    assertEquals([...node.members.keys()], ["a"]);
  }
  // The other engine keeps the entries that both share.
  await inMemory[Symbol.asyncDispose]();
});

withCtx("nodes know each other by name, as they come and go", async (ctx) => {
  await using market = await cluster(ctx, ["a", "b"]);
  const [a, b] = market.nodes;
  await until(() => a!.members.size === 2 && b!.members.size === 2);
  assertEquals([...a!.members.keys()].sort(), ["a", "b"]);
  assertEquals(a!.members.get("b")?.address, b!.container.address);
  assertEquals(a!.members.get("b")?.epoch, b!.epoch);
  const seen: string[] = [];
  for await (const { kind, member } of a!.changes()) {
    seen.push(`${kind} ${member.name}`);
    if (seen.length === 2) b!.close();
    if (seen.length === 3) break;
  }
  assertEquals(seen.toSorted(), ["joined a", "joined b", "left b"]);
  assertEquals(seen.at(-1), "left b");
});

withCtx(
  "a virtual agent is placed at the first call, at one place for all",
  async (ctx) => {
    await using market = await cluster(ctx, ["a", "b", "c"]);
    const nodes = market.nodes;
    const [a, b, c] = nodes;
    await offerAll(nodes);
    const places = new Set<string>();
    for (let number = 0; number < 20; number++) {
      const name = `lot ${number}`.replace(" ", "-");
      const where = await Promise.all(
        nodes.map((it) => it.agent<Auction>("Auction", name).where()),
      );
      assertEquals(new Set(where).size, 1, where.join());
      places.add(where[0]!);
    }
    assertEquals([...places].sort(), ["a", "b", "c"]);
    assertEquals(a!.size + b!.size + c!.size, 20);
  },
);

withCtx(
  "a virtual agent that nobody offers is not found, in the time for it",
  async (ctx) => {
    await using market = await cluster(ctx, ["a"], { retryForMs: 0 });
    const [a] = market.nodes;
    const error = await assertRejects(
      () => a!.agent<Auction>("Auction", "tulips").price(),
      ConnectError,
    );
    assertEquals(
      error.message,
      "Cannot reach the Auction 'tulips': no node offers 'Auction'",
    );
  },
);

withCtx(
  "a node that is drained gives its agents to the others, with their states",
  async (ctx) => {
    await using market = await cluster(ctx, ["a", "b"]);
    const nodes = market.nodes;
    const [a, b] = nodes;
    await offerAll(nodes);
    const auctions = Array.from(
      { length: 10 },
      (_, number) => b!.agent<Auction>("Auction", `${number}`),
    );
    await Promise.all(auctions.map((it, price) => it.bid(price + 1)));
    assert(a!.size > 0 && b!.size > 0);
    const epochs = await Promise.all(auctions.map((it) => it.activation()));
    await a!.drain();
    assertEquals(a!.size, 0);
    assertEquals(
      await Promise.all(auctions.map((it) => it.price())),
      auctions.map((_, price) => price + 1),
    );
    for (const [at, it] of auctions.entries()) {
      const { node, epoch, type, name } = await it.activation();
      assertEquals([node, type, name], ["b", "Auction", `${at}`]);
      const before = epochs[at]!;
      assert(
        before.node === "b" ? epoch === before.epoch : epoch > before.epoch,
      );
    }
    // A drained node can still call agents.
    assertEquals(await a!.agent<Auction>("Auction", "3").price(), 4);
  },
);

withCtx(
  "a virtual agent that closes itself comes again with its state",
  async (ctx) => {
    await using market = await cluster(ctx, ["a"]);
    const [a] = market.nodes;
    await a!.offer({ Auction });
    const auction = a!.agent<Auction>("Auction", "tulips");
    await auction.bid(8);
    const { epoch } = await auction.activation();
    await auction.sell();
    assertEquals(await auction.price(), 8);
    assert((await auction.activation()).epoch > epoch);
  },
);

withCtx(
  "an agent whose state cannot be taken over fails its calls, and moves",
  async (ctx) => {
    await using market = await cluster(ctx, ["a", "b"]);
    const [a, b] = market.nodes;
    let isBroken = true;
    class Shaky extends Auction {
      protected override onStart() {
        if (isBroken) throw new Error("no paper");
      }
    }
    await a!.offer({ Auction: Shaky });
    const auction = a!.agent<Auction>("Auction", "tulips");
    await assertRejects(() => auction.bid(8), Error, "no paper");
    isBroken = false;
    await b!.offer({ Auction });
    const draining = a!.drain();
    assertEquals(await auction.bid(9), "b");
    await draining;
    assertEquals(await auction.price(), 9);
  },
);

withCtx(
  "a virtual agent that is restarted has its state, and one that forgets has none",
  async (ctx) => {
    await using market = await cluster(ctx, ["a"]);
    const [a] = market.nodes;
    class Fragile extends Auction {
      constructor(container: Container, options: AgentOptions) {
        const onFailure = { backoff: { initialMs: 1 } };
        super(container, { ...options, onFailure });
      }
      @expose
      crash(): void {
        this.run(() => Promise.reject(new Error("broken")));
      }
      @expose
      async end(): Promise<void> {
        await this.forget();
        void this.close();
      }
    }
    await a!.offer({ Fragile });
    const auction = a!.agent<Fragile>("Fragile", "tulips");
    await auction.bid(8);
    const { epoch } = await auction.activation();
    for (let price = 8; price < 11; price++) {
      const gone = a!.container.watch(`${a!.container.address}/Fragile:tulips`);
      await auction.crash();
      await gone;
      assertEquals(await auction.price(), price);
      await auction.bid(price + 1);
      assertEquals((await auction.activation()).epoch, epoch);
    }
    assertEquals(ctx.takeHandlerErrors().length, 3);
    await auction.end();
    assertEquals(await auction.price(), 0);
  },
);

withCtx(
  "virtual agents are passed by name, and keep errors",
  async (ctx) => {
    await using market = await cluster(ctx, ["a", "b"]);
    const nodes = market.nodes;
    const [a] = nodes;
    await offerAll(nodes);
    const tulips = a!.agent<Auction>("Auction", "tulips");
    assertEquals(
      `${tulips}`,
      "AuctionProxy('cluster://market/Auction:tulips')",
    );
    await tulips.bid(8);
    for (const name of ["roses", "lilies", "daisies"]) {
      const other = a!.agent<Auction>("Auction", name);
      await other.bid(9);
      assertEquals(await other.compare(tulips), 1);
    }
    const error = await assertRejects(() => tulips.bid(5), RemoteError);
    assertEquals(error.message, "it is at 8");

    // The address serves to name the agent, but not to connect to it.
    const address = addressOf(tulips);
    const hint = `use 'node.agent("Auction", "tulips")'`;
    const { container } = a!;
    for (const it of [container, await ctx.createContainer()]) {
      await assertRejects(() => it.connect(address), TypeError, hint);
      await assertRejects(() => it.watch(address), TypeError, hint);
    }
    await assertRejects(
      () => a!.group("auctions").join(tulips as unknown as Auction),
      TypeError,
      "it is a proxy",
    );
  },
);

class Bidder extends Agent {
  readonly heard: string[] = [];

  @expose
  hear(text: string): void {
    this.heard.push(text);
  }
  @expose
  quote(): string {
    return this.address;
  }
}

withCtx(
  "a group of a cluster has members on any nodes, without a home",
  async (ctx) => {
    await using market = await cluster(ctx, ["a", "b", "c"]);
    const { nodes } = market;
    const bidders: Bidder[] = [];
    for (const node of nodes.slice(0, 2)) {
      for (let number = 0; number < 2; number++) {
        const bidder = await node.container.spawn(Bidder);
        await node.group("bidders").join(bidder);
        bidders.push(bidder);
      }
    }
    const group = nodes[2]!.group<Bidder>("bidders");
    const addresses = bidders.map((it) => it.address);
    assertEquals(await group.members(), addresses);
    for (let number = 0; number < 50; number++) group.notify.hear(`${number}`);
    await until(() => bidders.every((it) => it.heard.length === 50));
    const expected = Array.from({ length: 50 }, (_, number) => `${number}`);
    for (const { heard } of bidders) assertEquals(heard, expected);
    assertEquals(
      await group.ask({ within: 5 }).quote(),
      addresses.map((member) => ({ member, value: member })),
    );
    const chosen = new Set<string>();
    while (chosen.size < 4) chosen.add(await group.any.quote());
    assertEquals([...chosen].sort(), addresses.toSorted());

    await bidders[0]!.close();
    await nodes[1]!.close();
    await until(() => !nodes[2]!.members.has("b"));
    await until(() => !nodes[0]!.container.agents.has(bidders[0]!.id));
    while ((await group.members()).length > 1);
    assertEquals(await group.members(), [addresses[1]!]);
    assertEquals(await group.any.quote(), addresses[1]);
    await bidders[1]!.close();
    while ((await group.members()).length > 0);
    await assertRejects(() => group.any.quote(), AgentNotFoundError);
  },
);

withCtx(
  "a node that has left refuses all calls, and knows no members",
  async (ctx) => {
    await using market = await cluster(ctx, ["a", "b"]);
    const [a, b] = market.nodes;
    const bidder = await a!.container.spawn(Bidder);
    await a!.group("bidders").join(bidder);
    const own = await b!.container.spawn(Bidder);
    const group = b!.group<Bidder>("bidders");
    assertEquals(await group.members(), [bidder.address]);
    await a!.offer({ Auction });
    const roses = b!.agent<Auction>("Auction", "roses");
    await until(() => b!.members.get("a")!.offers.length > 0);
    assertEquals(await roses.where(), "a");
    const led = await a!.lead("clearing");
    const waiting = assertRejects(
      () => b!.lead("clearing"),
      ContainerClosedError,
    );
    await b!.close();
    await waiting;
    const calls: Record<string, () => Promise<unknown>> = {
      ask: () => group.ask().quote(),
      any: () => group.any.quote(),
      members: () => group.members(),
      join: () => group.join(own),
      publish: () =>
        new Promise((_, onError) => notify(group.ask(), { onError }).quote()),
      offer: () => b!.offer({ Auction }),
      lead: () => b!.lead("other"),
      agent: () => b!.agent<Auction>("Auction", "tulips").price(),
    };
    for (const [name, call] of Object.entries(calls)) {
      await assertRejects(call, ContainerClosedError, "Cannot", name);
    }
    const known = await assertRejects(() => roses.price());
    assertInstanceOf(known, ConnectionClosedError);
    assertEquals([known.by, known.sent], ["local", false]);
    assertEquals(b!.members.size, 0);
    for await (const change of b!.changes()) assert(false, change.kind);
    await led[Symbol.asyncDispose]();
  },
);

withCtx("one node leads at a time, in the order of the epochs", async (ctx) => {
  await using market = await cluster(ctx, ["a", "b"]);
  const [a, b] = market.nodes;
  const first = await a!.lead("clearing");
  const waits = [b!.lead("clearing"), a!.lead("clearing")];
  await using other = await b!.lead("other");
  assert(other.epoch > first.epoch);
  first.check();
  await first[Symbol.asyncDispose]();
  assert(first.signal.aborted);
  assertThrows(() => first.check(), StaleEpochError);
  const second = await Promise.race(waits);
  assert(second.epoch > first.epoch);
  await second[Symbol.asyncDispose]();
  const [one, two] = await Promise.all(waits);
  const third = one === second ? two! : one!;
  assert(third.epoch > second.epoch);
  const giveUp = new AbortController();
  const waiting = b!.lead("clearing", { signal: giveUp.signal });
  giveUp.abort(new Error("no longer"));
  await assertRejects(() => waiting, Error, "no longer");
  await third[Symbol.asyncDispose]();
});

withCtx(
  "a name belongs to one node, and joining waits until it is free",
  async (ctx) => {
    await using market = await cluster(ctx, ["a"]);
    const [a] = market.nodes;
    const [engine] = market.engines;
    const terms = { ...ctx.options, engine: engine!, name: "a" };
    const joining = Node.join("market", { ...terms, address: ctx.address });
    // Another cluster on the same engine has its own names.
    await using other = await Node.join("shop", {
      ...terms,
      address: ctx.address,
    });
    assertEquals([...other.members.keys()], ["a"]);
    await a!.close();
    await using next = await joining;
    assert(next.epoch > a!.epoch);
    const giveUp = AbortSignal.abort(new Error("no longer"));
    await assertRejects(
      () =>
        Node.join("market", {
          ...terms,
          address: ctx.address,
          signal: giveUp,
        }),
      Error,
      "no longer",
    );
  },
);

withCtx("a node whose container is closed leaves", async (ctx) => {
  await using market = await cluster(ctx, ["a", "b"]);
  const [a, b] = market.nodes;
  await a!.container.close();
  await until(() => !b!.members.has("a"));
  await a!.close();
  assert(a!.signal.aborted);
});
