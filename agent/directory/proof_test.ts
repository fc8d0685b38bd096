import {
  assertEquals,
  assertInstanceOf,
  assertObjectMatch,
  assertRejects,
} from "@std/assert";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import type { ContainerOptions } from "../container_options.ts";
import { dateSerializer } from "../date_serializer.ts";
import { serveHostile } from "../fixtures/hostile_container.ts";
import { until } from "../fixtures/until.ts";
import { internalsOf } from "../_container_internals.ts";
import type { Serializer } from "../../channel/codecs/types/serializer.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { ServerBusyError } from "../../channel/errors.ts";
import { ValidationError } from "../../rpc/errors.ts";
import type { Remote } from "../../rpc/remote.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import {
  Directory,
  type DirectoryCaller,
  type DirectoryOptions,
} from "./directory.ts";
import type { Registration } from "./registration.ts";
import type { DirectoryChange } from "./entry.ts";
import { findDirectory } from "./find.ts";

const EMPTY_BUT_BYTES = { entries: 0, waiting: 0, agents: 0, subscribers: 0 };
const EMPTY = { ...EMPTY_BUT_BYTES, bytes: 0 };

/** A directory, and a stranger that calls it by plain RPC. */
interface Stage {
  readonly hub: Container;
  readonly directory: Directory;
  readonly stranger: Remote<Directory>;
}

async function makeStage(
  ctx: Ctx,
  options: DirectoryOptions = {},
  ofHub: ContainerOptions = {},
): Promise<Stage> {
  const hub = await ctx.createContainer(ofHub);
  const directory = await hub.spawn(Directory, options);
  const other = await ctx.createContainer();
  const stranger = await other.connect<Directory>(directory.address);
  return { hub, directory, stranger };
}

withCtx(
  { name: "a stranger registers no agent of somebody else", codecs },
  async (ctx) => {
    const { hub, directory, stranger } = await makeStage(ctx);
    const here = await ctx.createContainer();
    const agent = await here.spawn(Agent);
    const client = await findDirectory(here, directory.address);
    const { address } = agent;
    const steal = (address: string, key?: string) =>
      assertRejects(
        () => stranger.register({ type: "mine", address, key }),
        ValidationError,
        "confirms that this registration is its own",
      );
    for (let i = 0; i < 65; i++) await steal(address);
    assertEquals(directory.stats(), EMPTY);
    // Nothing is left of that, nor is anything taken from the agent.
    await until(() => hub.stats().connections === 0);
    for (let i = 0; i < 64; i++) await client.register(agent, { type: "own" });
    await assertRejects(
      () => client.register(agent, { type: "own" }),
      ServerBusyError,
      "maxEntriesPerAgent",
    );
    // Nor by the proof that its own container has given meanwhile.
    await steal(address);
    await steal(`${here.address}/other`);
    assertObjectMatch(directory.stats(), {
      ...EMPTY_BUT_BYTES,
      entries: 64,
      agents: 1,
    });
    const { registrationKeys } = internalsOf(here);
    const [key] = registrationKeys.keys();
    assertEquals(registrationKeys.size, 64);
    // A key that is not the stranger's own proves that, and gets no further
    // than its owner could.
    await client.close();
    assertEquals(registrationKeys.size, 0);
    await steal(address, key);
    assertEquals(directory.stats(), EMPTY);
    await until(() => hub.stats().connections === 0);
  },
);

withCtx(
  "a directory cannot use a registration that it was told in another one",
  async (ctx) => {
    const { directory, stranger } = await makeStage(ctx);
    const curious = await (await ctx.createContainer()).spawn(Directory);
    const here = await ctx.createContainer();
    const agent = await here.spawn(Agent);
    const client = await findDirectory(here, curious.address);
    await client.register(agent, { type: "own" });
    // That directory knows the key, and so may whoever it tells.
    const [key] = internalsOf(here).registrationKeys.keys();
    const { address } = agent;
    await assertRejects(
      () => stranger.register({ type: "forged", address, key: key! }),
      ValidationError,
      `use the directory by its own address '${directory.address}'`,
    );
    assertEquals(directory.stats(), EMPTY);
  },
);

withCtx("a stranger fills no directory with ghosts", async (ctx) => {
  const { hub, directory, stranger } = await makeStage(ctx);
  const ghosts = await Promise.allSettled(
    Array.from({ length: 1_000 }, (_, i) =>
      stranger.register({
        type: "ghost",
        address: `${hub.address}/ghost${i}`,
      })),
  );
  for (const ghost of ghosts) {
    assertInstanceOf((ghost as PromiseRejectedResult).reason, ValidationError);
  }
  assertEquals(directory.stats(), EMPTY);
  // Its own container registers agents of its own as others do.
  const client = await findDirectory(hub, directory.address);
  await client.register(await hub.spawn(Agent), { type: "own" });
  assertEquals(directory.stats().entries, 1);
});

withCtx(
  { name: "an agent confirms where its container cannot", codecs },
  async (ctx) => {
    const { directory, stranger } = await makeStage(ctx);
    for (
      const [answer, isConfirmed] of [
        [true, true],
        [false, false],
        ["true", false],
        [1, false],
        [undefined, false],
      ] as const
    ) {
      const there = await serveHostile(ctx, (path) => {
        if (path === "agents/0/confirm_registration") return answer;
        return path === "validate_aid" ? "A" : undefined;
      });
      const registering = stranger.register({
        type: "plain",
        address: `${there.address}/0`,
      });
      if (isConfirmed) await stranger.deregister(await registering);
      else await assertRejects(() => registering, ValidationError, "confirms");
      assertEquals(directory.stats(), EMPTY);
    }
  },
);

withCtx("a directory repeats names of a caller escaped", async (ctx) => {
  const { directory, hub, stranger } = await makeStage(ctx);
  const good = { type: "a", address: `${hub.address}/0` };
  const name = "\x1b[31m\ndenomas: fake";
  for (
    const registration of [
      { ...good, [name]: 1 },
      { ...good, properties: { [`__${name}`]: 1 } },
      { ...good, properties: { [name]: {} } },
      { ...good, address: `local://a/${name}` },
      { ...good, address: name },
    ]
  ) {
    const { message } = await assertRejects(
      () => stranger.register(registration as typeof good),
      ValidationError,
    );
    assertEquals(/\p{Cc}/u.test(message), false, message);
    assertEquals(message.includes("\\u{1b}[31m\\n"), true, message);
  }
  assertEquals(directory.stats(), EMPTY);
});

withCtx(
  "trust decides about what has no proof, and may be async",
  async (ctx) => {
    const asked: [string, DirectoryCaller][] = [];
    let answer: () => unknown = () => true;
    const { hub, directory } = await makeStage(ctx, {
      trust: (address, caller) => {
        asked.push([address, caller]);
        return answer() as boolean;
      },
    }, { authenticate: (credentials) => credentials ?? "nobody" });
    const operator = await ctx.createContainer({ credentials: "operator" });
    const here = await ctx.createContainer();
    const { address } = await here.spawn(Agent);
    const client = await findDirectory(operator, directory.address);
    await client.register({ address }, { type: "bidder" });
    assertEquals(asked.map(([it, { identity }]) => [it, identity]), [
      [address, "operator"],
    ]);
    await client.close();
    assertEquals(hub.stats().connections, 0);
    for (
      const no of [
        () => false,
        () => Promise.resolve(false),
        () => "yes",
        () => Promise.resolve({}),
        () => undefined,
      ]
    ) {
      answer = no;
      await assertRejects(
        () => client.register({ address }, { type: "bidder" }),
        ValidationError,
      );
    }
    assertEquals(directory.stats(), EMPTY);
  },
);

withCtx("an allow that answers later is waited for", async (ctx) => {
  let answer: () => unknown = () => false;
  const { directory } = await makeStage(ctx, {
    allow: () => answer() as boolean,
  });
  const here = await ctx.createContainer();
  const agent = await here.spawn(Agent);
  const client = await findDirectory(here, directory.address);
  for (const no of [() => Promise.resolve(false), () => "yes", () => ({})]) {
    answer = no;
    await assertRejects(
      () => client.register(agent, { type: "bidder" }),
      ValidationError,
      "does not connect",
    );
  }
  answer = () => Promise.reject(new RangeError("no list"));
  await assertRejects(
    () => client.register(agent, { type: "bidder" }),
    Error,
    "no list",
  );
  assertEquals(here.stats().clients, 0);
  answer = () => Promise.resolve(true);
  await client.register(agent, { type: "bidder" });
  assertEquals(directory.stats().entries, 1);
});

withCtx("the agents of a container or host have a share", async (ctx) => {
  const { directory } = await makeStage(ctx, {
    limits: { maxEntriesPerContainer: 2, maxEntriesPerHost: 3 },
  });
  const [one, two] = [await ctx.createContainer(), await ctx.createContainer()];
  const first = await findDirectory(one, directory.address);
  const second = await findDirectory(two, directory.address);
  const register = async (
    client: typeof first,
    container: Container,
    limit?: string,
  ) => {
    const agent = await container.spawn(Agent);
    const registering = client.register(agent, { type: "a" });
    if (limit === undefined) return await registering;
    await assertRejects(() => registering, ServerBusyError, `'${limit}'`);
    return null;
  };
  const seat = await register(first, one);
  await register(first, one);
  await register(first, one, "maxEntriesPerContainer");
  await register(second, two);
  await register(second, two, "maxEntriesPerHost");
  await seat!.close();
  await register(second, two);
  assertEquals(directory.stats().entries, 3);
});

withCtx("entries take a bounded amount of memory", async (ctx) => {
  const { directory } = await makeStage(ctx, {
    limits: { maxEntryBytes: 400_000 },
  });
  const here = await ctx.createContainer();
  const client = await findDirectory(here, directory.address);
  const agent = await here.spawn(Agent);
  const seats: Registration[] = [];
  // One host may take half, and one container a part of that.
  await assertRejects(
    async () => {
      for (;;) seats.push(await client.register(agent, { type: "a" }));
    },
    ServerBusyError,
    "maxEntryBytes",
  );
  const { bytes, entries } = directory.stats();
  assertEquals(entries, seats.length);
  assertEquals(bytes > 10_000 * entries && bytes < 100_000, true, `${bytes}`);
  const long = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`${i}`, "x".repeat(256)]),
  );
  await assertRejects(
    async () => {
      for (const seat of seats) await seat.update(long);
    },
    ServerBusyError,
    "maxEntryBytes",
  );
  await client.close();
  assertEquals(directory.stats(), EMPTY);
});

withCtx("the subscribers of a connection or host have a share", async (ctx) => {
  const { directory } = await makeStage(ctx, {
    limits: { maxSubscribersPerConnection: 1, maxSubscribersPerHost: 2 },
  });
  const clients = [];
  for (let i = 0; i < 3; i++) {
    const container = await ctx.createContainer();
    const client = await findDirectory(container, directory.address);
    await client.register(await container.spawn(Agent), { type: "a" });
    clients.push(client);
  }
  const [one, two, three] = clients as [
    typeof clients[0],
    typeof clients[0],
    typeof clients[0],
  ];
  const first = one.subscribe();
  await first.next();
  await assertRejects(
    () => one.subscribe().next(),
    ServerBusyError,
    "maxSubscribersPerConnection",
  );
  const second = two.subscribe();
  await second.next();
  await assertRejects(
    () => three.subscribe().next(),
    ServerBusyError,
    "maxSubscribersPerHost",
  );
  await first.return(undefined);
  await until(() => directory.stats().subscribers === 1);
  const third = three.subscribe();
  await third.next();
  await third.return(undefined);
  await second.return(undefined);
});

withCtx("a subscriber that needs too much memory is ended", async (ctx) => {
  const { directory } = await makeStage(ctx, {
    limits: { maxSubscribedEntries: 8 },
  });
  const here = await ctx.createContainer();
  const client = await findDirectory(here, directory.address);
  for (let i = 0; i < 5; i++) {
    const properties = { even: i % 2 === 0 };
    await client.register(await here.spawn(Agent), { type: "a", properties });
  }
  // One may take half of what is free.
  await assertRejects(
    async () => {
      for await (const { entry } of client.subscribe()) {
        assertEquals(entry.type, "a");
      }
    },
    ServerBusyError,
    "maxSubscribedEntries",
  );
  const match = { even: true };
  for (let i = 0; i < 5; i++) {
    const changes = client.subscribe({ match });
    for (let j = 0; j < 3; j++) await changes.next();
    await changes.return(undefined);
    await until(() => directory.stats().subscribers === 0);
  }
});

withCtx(
  "a subscriber that has heard of all needs no more memory",
  async (ctx) => {
    const { directory } = await makeStage(ctx, {
      limits: { maxSubscribedEntries: 8 },
    });
    const here = await ctx.createContainer();
    const client = await findDirectory(here, directory.address);
    const changes = client.subscribe();
    const agent = await here.spawn(Agent);
    const kinds: string[] = [];
    const next = async () => {
      const { value } = await changes.next();
      kinds.push((value as DirectoryChange).kind);
    };
    for (let i = 0; i < 20; i++) {
      const seat = await client.register(agent, { type: "a" });
      await next();
      const { bytes } = directory.stats();
      await seat.update({ note: "longer than before" });
      await next();
      assertEquals(directory.stats().bytes > bytes, true);
      await seat.close();
      await next();
      assertEquals(directory.stats().bytes, 0);
      // One that nobody hears of takes nothing, either.
      await (await client.register(agent, { type: "a" })).close();
    }
    assertEquals(new Set(kinds), new Set(["added", "changed", "removed"]));
    await changes.return(undefined);
  },
);

/** A reference to a function of the one who sends it. */
class Callable {}

/** The second custom type of a container is that of references. */
const callableSerializer: Serializer<Callable> = {
  type: Callable,
  serialize: () => "$/ref/0",
  deserialize: () => new Callable(),
};

withCtx(
  { name: "what looks like a promise harms no directory", codecs },
  async (ctx) => {
    const { directory, stranger } = await makeStage(ctx);
    const serializers = [dateSerializer, callableSerializer];
    for (const evil of ["confirm_registration", "validate_aid", "watch_aid"]) {
      const there = await serveHostile(
        ctx,
        (path) =>
          path === evil
            ? { then: new Callable() }
            : path === "validate_aid"
            ? "A"
            : true,
        { serializers },
      );
      await stranger.register({ type: "evil", address: `${there.address}/0` })
        .catch((error) => assertInstanceOf(error, Error));
      await until(() => directory.stats().agents === 0);
    }
    assertEquals(await stranger.lookUp(), []);
    assertEquals(directory.stats(), EMPTY);
  },
);
