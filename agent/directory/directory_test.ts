import { assert, assertEquals, assertRejects } from "@std/assert";
import { Agent } from "../agent.ts";
import { Container } from "../container.ts";
import type { ContainerOptions } from "../container_options.ts";
import { RemoteError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { AgentNotFoundError, ValidationError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { DenomasError } from "../../transports/errors.ts";
import { kwargs } from "../../rpc/kwargs.ts";
import type { Remote } from "../../rpc/remote.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import type { DirectoryClient } from "./client.ts";
import { Directory, type DirectoryOptions } from "./directory.ts";
import type { DirectoryChange, DirectoryEntry } from "./entry.ts";
import { findDirectory } from "./client.ts";
import { Line } from "./fixtures/line.ts";

class Bidder extends Agent {
  @expose
  bid(price: number): number {
    return price + 1;
  }
}

/** A directory in one container, and another container that uses it. */
class World {
  readonly hub: Container;
  readonly here: Container;
  directory!: Directory;
  client!: DirectoryClient;

  constructor(hub: Container, here: Container) {
    this.hub = hub;
    this.here = here;
  }

  static async make(ctx: Ctx, options: DirectoryOptions = {}): Promise<World> {
    const world = new World(
      await ctx.createContainer(),
      await ctx.createContainer(),
    );
    world.directory = await world.hub.spawn(Directory, options);
    world.client = await findDirectory(world.here, world.directory.address);
    return world;
  }

  /** The directory, through plain RPC. */
  remote(): Promise<Remote<Directory>> {
    return this.here.connect<Directory>(this.directory.address);
  }
}

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await nextTurn();
}

/** For tests in which agents are not registered by their own containers. */
const trusting: DirectoryOptions = { trust: () => true };

const EMPTY = { entries: 0, subscribers: 0 };

function addresses(entries: readonly DirectoryEntry[]): string[] {
  return entries.map(({ address }) => address);
}

withCtx({
  name: "Directory.lookUp finds agents by type and properties",
  codecs,
}, async (ctx) => {
  const { client, here, hub } = await World.make(ctx, trusting);
  const [north, south, other] = [
    await here.spawn(Bidder),
    await hub.spawn(Bidder),
    await here.spawn(Bidder),
  ];
  await client.register(north, {
    type: "bidder",
    properties: { region: "north", size: 1, isOpen: true, note: null },
  });
  await client.register(south, {
    type: "bidder",
    properties: { region: "south", size: 2 },
  });
  await client.register(other, { type: "seller" });

  const find = async (...query: Parameters<DirectoryClient["lookUp"]>) =>
    addresses(await client.lookUp(...query));
  assertEquals(await find({ type: "bidder" }), [north.address, south.address]);
  assertEquals(await find({ type: "bidder", limit: 1 }), [north.address]);
  assertEquals(await find({ limit: 0 }), []);
  assertEquals((await find()).length, 3);
  assertEquals(await find({ match: { region: "south" } }), [south.address]);
  assertEquals(
    await find({ match: { region: ["north", "south"], size: [1, 3] } }),
    [north.address],
  );
  assertEquals(await find({ match: { note: null } }), [north.address]);
  assertEquals(await find({ match: { size: "1" } }), []);
  assertEquals(await find({ match: { constructor: "Object" } }), []);
  assertEquals(await find({ type: "buyer" }), []);
  const [entry] = await client.lookUp({ type: "seller" });
  assertEquals(entry, {
    id: entry!.id,
    address: other.address,
    type: "seller",
    properties: {},
  });
});

withCtx("DirectoryClient.connect calls those it finds", async (ctx) => {
  const { client, here } = await World.make(ctx);
  await assertRejects(
    () => client.connectOne<Bidder>({ type: "bidder" }),
    AgentNotFoundError,
  );
  for (let i = 0; i < 3; i++) {
    await client.register(await here.spawn(Bidder), { type: "bidder" });
  }
  const bidders = await client.connect<Bidder>({ type: "bidder", limit: 2 });
  assertEquals(await Promise.all(bidders.map((it) => it.bid(1))), [2, 2]);
  const bidder = await client.connectOne<Bidder>({ type: "bidder" });
  assertEquals(await bidder.bid(4), 5);
});

withCtx("findDirectory refuses an agent that is no directory", async (ctx) => {
  const { here, hub } = await World.make(ctx);
  const { address } = await hub.spawn(Bidder);
  await assertRejects(
    () => findDirectory(here, address),
    TypeError,
    "an agent of the class 'Bidder'",
  );
  class Register extends Directory {}
  const other = await hub.spawn(Register, { id: "register" });
  const client = await findDirectory(here, other.address);
  assertEquals(await client.lookUp(), []);
});

withCtx("a DirectoryClient says what does not fit", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  const queries: [unknown, string][] = [
    ["depot", 'query: it is the text "depot", it must be an object'],
    [{ of: "depot" }, "must be one of 'type', 'match', 'limit'"],
    [{ limit: -1 }, "'limit' is '-1', it must be an integer of 0 or more"],
    [{ match: { a: { b: 1 } } }, "'a' of 'match' is an object"],
    [{ match: { a: undefined } }, "'a' of 'match' is 'undefined'"],
  ];
  for (const [query, text] of queries) {
    const asked = query as { type: string };
    await assertRejects(() => client.lookUp(asked), ValidationError, text);
    const loop = client.subscribe(asked);
    await assertRejects(() => loop.next(), ValidationError);
  }
  const bidder = await here.spawn(Bidder);
  const type = "bidder";
  const seat = await client.register(bidder, { type });
  const bad = [undefined, NaN, new Date(), [1], { b: 1 }] as unknown as 1[];
  for (const a of bad) {
    const properties = { a };
    for (
      const attempt of [
        () => client.register(bidder, { type, properties }),
        () => seat.update(properties),
      ]
    ) {
      await assertRejects(() => attempt(), ValidationError, "'a'");
    }
  }
  assertEquals(directory.stats(), { ...EMPTY, entries: 1 });
});

withCtx("DirectoryClient.register takes a proxy for its agent", async (ctx) => {
  const { client } = await World.make(ctx, trusting);
  const [here, there] = [
    await ctx.createContainer(),
    await ctx.createContainer(),
  ];
  const bidder = await there.spawn(Bidder);
  const proxy = await here.connect<Bidder>(bidder.address);
  const { address } = await client.register(proxy, { type: "bidder" });
  assertEquals(address, bidder.address);
});

withCtx("Registration.update and close change one entry", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  const bidder = await here.spawn(Bidder);
  const seat = await client.register(bidder, {
    type: "bidder",
    properties: { price: 1 },
  });
  const second = await client.register(bidder, { type: "seller" });
  const [before] = await client.lookUp({ type: "bidder" });
  await seat.update({ price: 2 });
  assertEquals(seat.properties, { price: 2 });
  const [after] = await client.lookUp({ type: "bidder" });
  assertEquals(after, { ...before!, properties: { price: 2 } });
  await assertRejects(() => seat.update({ price: NaN }), Error);
  assertEquals(seat.properties, { price: 2 });
  await assertRejects(
    () => seat.update({ price: [1] as unknown as number }),
    ValidationError,
    "'price' is a list",
  );
  assertEquals(seat.properties, { price: 2 });
  assertEquals(directory.stats(), { ...EMPTY, entries: 2 });
  await seat.close();
  await seat.close();
  assertEquals(seat.isRegistered, false);
  await assertRejects(() => seat.update({}), DenomasError, "is closed");
  assertEquals(addresses(await client.lookUp()), [bidder.address]);
  await second.close();
  assertEquals(directory.stats(), EMPTY);
});

withCtx(
  "an entry is withdrawn although the call is refused at first",
  async (ctx) => {
    const hub = await ctx.createContainer({
      limits: { rates: { requestsPerSecond: 70 } },
    });
    const here = await ctx.createContainer();
    const directory = await hub.spawn(Directory);
    const client = await findDirectory(here, directory.address);
    const agent = await here.spawn(Bidder);
    for (let i = 0; i < 30; i++) {
      await client.register(agent, {
        type: "bidder",
      });
    }
    await agent.close();
    await until(() => directory.stats().entries === 0);
  },
);

withCtx("entries vanish with their agent or container", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  const one = await here.spawn(Bidder);
  const two = await here.spawn(Bidder);
  const third = await ctx.createContainer();
  const three = await third.spawn(Bidder);
  const theirs = await findDirectory(third, directory.address);
  await client.register(one, { type: "bidder" });
  await client.register(one, { type: "seller" });
  await client.register(two, { type: "bidder" });
  await theirs.register(three, { type: "bidder" });
  assertEquals(directory.stats(), { ...EMPTY, entries: 4 });
  await one.close();
  await until(() => directory.stats().entries === 2);
  await third.close({ graceMs: 0 });
  await until(() => directory.stats().entries === 1);
  assertEquals(addresses(await client.lookUp()), [two.address]);
  await two.close();
  await until(() => directory.stats().entries === 0);
  assertEquals(directory.stats(), EMPTY);
});

withCtx(
  "an entry ends with the connection of who registered it",
  async (ctx) => {
    const { client, directory, hub } = await World.make(ctx, trusting);
    const { address } = await hub.spawn(Bidder);
    const plain = await ctx.createContainer();
    const other = await ctx.createContainer();
    const remote = await plain.connect<Directory>(directory.address);
    const key = await remote.register({ type: "plain", address });
    assert(key.length >= 16);
    const theirs = await findDirectory(other, directory.address);
    await theirs.register({ address }, { type: "kept up" });
    const types = async () => (await client.lookUp()).map(({ type }) => type);
    assertEquals(await types(), ["plain", "kept up"]);
    await plain.close({ graceMs: 0 });
    await until(() => directory.stats().entries === 1);
    assertEquals(await types(), ["kept up"]);
    await other.close({ graceMs: 0 });
    await until(() => directory.stats().entries === 0);
  },
);

withCtx("a directory keeps no connection to those it lists", async (ctx) => {
  const { client, directory, here, hub } = await World.make(ctx);
  await client.register(await here.spawn(Bidder), { type: "bidder" });
  await until(() => hub.stats().connections === 0);
  assertEquals(directory.stats().entries, 1);
  await client.close();
  await until(() => hub.stats().watches === 0);
});

withCtx("a key moves its entry to another connection", async (ctx) => {
  const world = await World.make(ctx, trusting);
  const { client, directory, here } = world;
  const { address } = await here.spawn(Bidder);
  const entry = { type: "bidder", address };
  const old = await ctx.createContainer();
  const before = await old.connect<Directory>(directory.address);
  const key = await before.register(entry);
  const remote = await world.remote();
  const [first] = await client.lookUp();
  const properties = { price: 1 };
  assertEquals(await remote.register({ ...entry, key, properties }), key);
  const [second] = await client.lookUp();
  assertEquals(second, { ...first!, id: second!.id, properties });
  assert(second!.id > first!.id);
  await old.close({ graceMs: 0 });
  await until(() => world.hub.stats().clients === 1);
  assertEquals(await client.lookUp(), [second]);
});

for (const fault of ["blackHole", "partition"] as const) {
  withCtx(
    `an entry behind a network's ${fault} ends and comes back`,
    async (ctx) => {
      const { network } = ctx;
      const heartbeat = { heartbeatMs: 20 };
      const hub = await ctx.createContainer(heartbeat);
      const here = await ctx.createContainer(heartbeat);
      const directory = await hub.spawn(Directory);
      const client = await findDirectory(here, directory.address);
      const seat = await client.register(await here.spawn(Bidder), {
        type: "bidder",
      });
      network[fault]({ between: [hub, here] });
      await until(() => directory.stats().entries === 0);
      await until(() => !seat.isRegistered);
      network.heal();
      await until(() => seat.isRegistered);
      assertEquals(directory.stats().entries, 1);
    },
  );
}

withCtx("Directory.deregister needs the key", async (ctx) => {
  const world = await World.make(ctx, trusting);
  const { directory, here } = world;
  const bidder = await here.spawn(Bidder);
  const remote = await world.remote();
  const { address } = bidder;
  const key = await remote.register({ type: "bidder", address });
  await remote.deregister(`${key.slice(0, -1)}x`);
  assertEquals(directory.stats().entries, 1);
  await assertRejects(
    () => remote.register({ type: "seller", address, key }),
    ValidationError,
    "another agent or type",
  );
  for (const short of ["", "short", 23, null]) {
    await assertRejects(
      () => remote.deregister(short as string),
      ValidationError,
    );
  }
  await remote.deregister(key);
  assertEquals(directory.stats(), EMPTY);
});

withCtx(
  { name: "Directory takes the keyword arguments of Python", codecs },
  async (ctx) => {
    const world = await World.make(ctx, trusting);
    const { address } = await world.here.spawn(Bidder);
    const remote = await world.remote() as unknown as Record<
      string,
      (options?: unknown) => Promise<unknown>
    >;
    await remote.register!(kwargs({ type: "bidder", address }));
    const found = await remote.lookUp!(
      kwargs({ type: "bidder", match: null, limit: 1 }),
    );
    assertEquals(addresses(found as DirectoryEntry[]), [address]);
    assertEquals(await remote.lookUp!(), found);
  },
);

withCtx("an agent that fails to start is not registered", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  class Failing extends Bidder {
    protected override async onStart() {
      await client.register(this, { type: "failing" });
      throw new RangeError("no");
    }
  }
  await assertRejects(() => here.spawn(Failing), RangeError);
  await until(() => directory.stats().entries === 0);
  assertEquals(await client.lookUp(), []);
});

withCtx("an agent can register while it starts", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  class Starting extends Bidder {
    protected override async onStart() {
      const properties = { is: this.id };
      await client.register(this, { type: "starting", properties });
      const seat = await client.register(this, { type: "second", properties });
      await seat.update({ ...properties, isOpen: true });
      assertEquals(await client.lookUp({ match: { is: this.id } }), []);
      assertEquals(directory.stats().entries, 2);
    }
  }
  const changes = client.subscribe({ match: { isOpen: true } });
  const shown = changes.next();
  const { address } = await here.spawn(Starting);
  const { value } = await shown;
  assertEquals((value as DirectoryChange).entry.address, address);
  await (await here.connect<Bidder>(address)).bid(1);
  let found: DirectoryEntry[] = [];
  while (found.length < 2) found = await client.lookUp();
  assertEquals(addresses(found), [address, address]);
  await changes.return(undefined);
});

withCtx("an agent that cannot be reached is not registered", async (ctx) => {
  const { client, directory } = await World.make(ctx);
  const gone = await ctx.createContainer();
  await gone.close();
  const address = `${gone.address}/0`;
  const error = await assertRejects(
    () => client.register({ address }, { type: "bidder" }),
    RemoteError,
  );
  assertEquals(error.remoteName, "ConnectError");
  assertEquals(directory.stats(), EMPTY);
});

withCtx("Directory refuses what does not fit", async (ctx) => {
  const world = await World.make(ctx);
  const { directory, here } = world;
  const { address } = await here.spawn(Bidder);
  const remote = await world.remote();
  const long = "x".repeat(257);
  const many = Array.from({ length: 17 }, (_, index) => index);
  const good = { type: "bidder", address };
  const registrations: unknown[] = [
    undefined,
    [],
    "bidder",
    { type: "bidder" },
    { address },
    { ...good, type: "" },
    { ...good, type: 1 },
    { ...good, type: long },
    { ...good, address: "nowhere" },
    { ...good, address: { of: "nobody" } },
    { ...good, color: "red" },
    { ...good, key: "short" },
    { ...good, key: long },
    { ...good, isHidden: 1 },
    { ...good, properties: [] },
    { ...good, properties: "north" },
    { ...good, properties: { ...many } },
    { ...good, properties: { [long]: 1 } },
    { ...good, properties: { "": 1 } },
    { ...good, properties: { a: long } },
    { ...good, properties: { a: { b: 1 } } },
    { ...good, properties: { a: [1] } },
    { ...good, properties: JSON.parse('{ "__proto__": 1 }') },
  ];
  for (const registration of registrations) {
    await assertRejects(
      () => remote.register(registration as typeof good),
      ValidationError,
      undefined,
      JSON.stringify(registration),
    );
  }
  const queries: unknown[] = [
    23,
    { type: 23 },
    { type: long },
    { match: 23 },
    { match: { a: { b: 1 } } },
    { match: { a: many } },
    { match: { ...many } },
    { limit: 0 },
    { limit: 1.5 },
    { limit: 257 },
    { after: -1 },
    { of: "bidder" },
  ];
  for (const query of queries) {
    await assertRejects(
      () => remote.lookUp(query as object),
      ValidationError,
      undefined,
      JSON.stringify(query),
    );
  }
  await assertRejects(
    () => remote.subscribe({ limit: 1 } as object),
    ValidationError,
  );
  assertEquals(directory.stats(), EMPTY);
});

withCtx("Directory dials only addresses that are allowed", async (ctx) => {
  const asked: string[][] = [];
  const world = await World.make(ctx, {
    allow: (...addresses) => {
      asked.push(addresses);
      return false;
    },
  });
  const { client, directory, here, hub } = world;
  const bidder = await here.spawn(Bidder);
  await assertRejects(
    () => client.register(bidder, { type: "bidder" }),
    ValidationError,
    "does not connect",
  );
  assertEquals(asked.map(([address]) => address), [bidder.address]);
  assertEquals(directory.stats(), EMPTY);
  const usual = await hub.spawn(Directory, { id: "usual" });
  const remote = await here.connect<Directory>(usual.address);
  const elsewhere = ["tcp://192.0.2.1:5555/0", "ipc://[/elsewhere/a]/0"];
  if (ctx.transport !== "memory") elsewhere.push("local://elsewhere/0");
  for (const address of elsewhere) {
    await assertRejects(
      () => remote.register({ type: "bidder", address }),
      ValidationError,
      "does not connect",
    );
  }
});

withCtx(
  { name: "Directory.subscribe tells of each change", codecs },
  async (ctx) => {
    const { client, directory, here } = await World.make(ctx);
    const [one, two] = [await here.spawn(Bidder), await here.spawn(Bidder)];
    const properties = { region: "north" };
    await client.register(one, { type: "bidder", properties });
    const seen: string[] = [];
    const changes = client.subscribe({
      type: "bidder",
      match: { region: ["north", "west"] },
    });
    const next = async () => {
      const { value } = await changes.next();
      const { kind, entry } = value as DirectoryChange;
      const name = entry.address === one.address ? "one" : "two";
      seen.push(`${kind} ${name} ${entry.properties.region}`);
    };
    await next();
    await client.register(one, { type: "seller", properties });
    const seat = await client.register(two, {
      type: "bidder",
      properties: { region: "south" },
    });
    await seat.update({ region: "north" });
    await next();
    await seat.update({ region: "west" });
    await next();
    await seat.update({ region: "west" });
    await seat.update({ region: "south" });
    await next();
    await one.close();
    await next();
    assertEquals(seen, [
      "added one north",
      "added two north",
      "changed two west",
      "removed two west",
      "removed one north",
    ]);
    await changes.return(undefined);
    assertEquals(directory.stats().subscribers, 0);
  },
);

withCtx("subscribers miss no entry that comes as they begin", async (ctx) => {
  const world = await World.make(ctx, trusting);
  const { client, directory, here } = world;
  const { address } = await here.spawn(Bidder);
  const remote = await world.remote();
  const turns = Array.from({ length: 20 }, (_, turn) => turn);
  const later = async <T>(turn: number, work: () => Promise<T>) => {
    for (let i = 0; i < turn; i++) await nextTurn();
    return await work();
  };
  const registering = turns.flatMap((turn) =>
    turns.map(() =>
      later(turn, () => remote.register({ type: "bidder", address }))
    )
  );
  const hearing = turns.map((turn) =>
    later(turn, async () => {
      const seen = new Set<number>();
      for await (const { entry } of client.subscribe()) {
        if (seen.add(entry.id).size === registering.length) return;
      }
    })
  );
  await Promise.all([...registering, ...hearing]);
  await until(() => directory.stats().subscribers === 0);
});

withCtx("a subscriber that is slow hears of the last state", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  const changes = client.subscribe();
  const agents = await Promise.all(
    Array.from({ length: 200 }, () => here.spawn(Bidder)),
  );
  const seats = await Promise.all(
    agents.map((it) => client.register(it, { type: "bidder" })),
  );
  await changes.next();
  for (let price = 1; price <= 5; price++) {
    await Promise.all(seats.map((it) => it.update({ price })));
  }
  await Promise.all(seats.slice(100).map((it) => it.close()));
  assertEquals(directory.stats().entries, 100);

  const known = new Map<number, DirectoryEntry>();
  let count = 0;
  for await (const { kind, entry } of changes) {
    count++;
    if (kind === "removed") known.delete(entry.id);
    else known.set(entry.id, entry);
    const prices = [...known.values()].map((it) => it.properties.price);
    if (prices.length === 100 && prices.every((it) => it === 5)) break;
  }
  assert(count < 5 * 200, `${count} changes`);
  await until(() => directory.stats().subscribers === 0);
});

withCtx("a subscriber that leaves or dies is forgotten", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  const bidder = await here.spawn(Bidder);
  await client.register(bidder, { type: "bidder" });
  for await (const { kind } of client.subscribe()) {
    assertEquals(kind, "added");
    break;
  }
  assertEquals(directory.stats().subscribers, 0);

  const stranger = await ctx.createContainer();
  const theirs = await findDirectory(stranger, directory.address);
  const dying = theirs.subscribe();
  await dying.next();
  const waiting = dying.next();
  assertEquals(directory.stats().subscribers, 1);
  const lost = assertRejects(() => waiting);
  await stranger.close({ graceMs: 0 });
  await lost;
  await until(() => directory.stats().subscribers === 0);

  const giveUp = new AbortController();
  const aborted = client.subscribe({ signal: giveUp.signal });
  await aborted.next();
  const reason = new Error("no longer needed");
  const rejected = assertRejects(() => aborted.next(), Error, reason.message);
  giveUp.abort(reason);
  await rejected;
  await until(() => directory.stats().subscribers === 0);
});

withCtx("a subscriber hears when the directory is closed", async (ctx) => {
  const { client, directory, here } = await World.make(ctx);
  const changes = client.subscribe();
  const bidder = await here.spawn(Bidder);
  await client.register(bidder, { type: "bidder" });
  await changes.next();
  const next = changes.next();
  const closed = assertRejects(() => next, AgentNotFoundError, "is closed");
  await directory.close();
  await closed;
  assertEquals(directory.stats(), EMPTY);
  await assertRejects(() => client.lookUp(), AgentNotFoundError);
});

/** Opens a container that can be reopened at the same address. */
async function containerAt(
  ctx: Ctx,
  address: string,
  options: ContainerOptions = {},
): Promise<Container> {
  return ctx.use(
    await Container.create(address, { ...ctx.options, ...options }),
  );
}

withCtx("a registration comes back with the directory", async (ctx) => {
  const { client, directory, here, hub } = await World.make(ctx);
  const bidder = await here.spawn(Bidder);
  const seat = await client.register(bidder, {
    type: "bidder",
    properties: { price: 1 },
  });
  const closing = await client.register(bidder, { type: "seller" });
  await hub.close({ graceMs: 0 });
  await until(() => !seat.isRegistered);
  const updated = seat.update({ price: 2 });
  await closing.close();

  const again = await containerAt(ctx, hub.address);
  const back = await again.spawn(Directory);
  assertEquals(back.address, directory.address);
  await updated;
  const found = await client.lookUp();
  assertEquals(found.map((it) => it.properties), [{ price: 2 }]);
  assertEquals(back.stats(), { ...EMPTY, entries: 1 });
});

withCtx("a registration comes back with the directory's agent", async (ctx) => {
  const { client, directory, here, hub } = await World.make(ctx);
  const bidder = await here.spawn(Bidder);
  const seat = await client.register(bidder, { type: "bidder" });
  await directory.close();
  await until(() => !seat.isRegistered);
  const back = await hub.spawn(Directory);
  await until(() => back.stats().entries === 1);
  await until(() => seat.isRegistered);
  await client.close();
  assertEquals(back.stats(), EMPTY);
});

withCtx("a registration survives the loss of its connection", async (ctx) => {
  const line = new Line(ctx.address);
  const hub = await ctx.createContainer();
  const here = await ctx.createContainer({ transports: [line.transport] });
  const directory = await hub.spawn(Directory);
  const client = await findDirectory(here, directory.address);
  const seat = await client.register(await here.spawn(Bidder), {
    type: "bidder",
  });
  line.cut();
  await until(() => !seat.isRegistered);
  await until(() => directory.stats().entries === 0);
  line.mend();
  await until(() => seat.isRegistered);
  assertEquals(directory.stats(), { ...EMPTY, entries: 1 });
});

withCtx({
  name: "Directory.lookUp pages through 10,000 entries",
  timeoutMs: 60_000,
}, async (ctx) => {
  const world = await World.make(ctx, trusting);
  const { client, directory, here } = world;
  const { address } = await here.spawn(Bidder);
  const remote = await world.remote();
  const keys = await Promise.all(
    Array.from({ length: 10_000 }, (_, i) =>
      remote.register({
        type: i % 2 === 0 ? "even" : "odd",
        address,
        properties: { number: i },
      })),
  );
  const startedAt = performance.now();
  const all = await client.lookUp();
  const tookMs = performance.now() - startedAt;
  assertEquals(all.length, 10_000);
  assertEquals(new Set(all.map((it) => it.properties.number)).size, 10_000);
  assertEquals((await client.lookUp({ type: "odd" })).length, 5_000);
  assertEquals(
    (await client.lookUp({ match: { number: [1, 9_999] } })).length,
    2,
  );
  assert(tookMs < 5_000, `${tookMs} ms`);
  await Promise.all(keys.map((key) => remote.deregister(key)));
  assertEquals(directory.stats(), EMPTY);
});
