import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
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
import type { DirectoryChange } from "./entry.ts";
import { findDirectory } from "./client.ts";

const EMPTY = { entries: 0, subscribers: 0 };

/** A directory, and a stranger that calls it through plain RPC. */
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
    // The attempts leave nothing behind, and the agent can still register.
    await until(() => hub.stats().connections === 0);
    for (let i = 0; i < 64; i++) await client.register(agent, { type: "own" });
    // Nor does the proof given by the agent's own container help the stranger.
    await steal(address);
    await steal(`${here.address}/other`);
    assertEquals(directory.stats(), { ...EMPTY, entries: 64 });
    const { registrationKeys } = internalsOf(here);
    const [key] = registrationKeys.keys();
    assertEquals(registrationKeys.size, 64);
    // A stolen key does not help after its registration has ended.
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
    // That directory knows the key, and may have passed it on.
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
  // The directory's own container registers its agents like any other.
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
    assertMatch(message, /\\u(\{1b\}|001b)\[31m\\n/);
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

/** Options for a directory whose connections may hold only little memory. */
const narrow: ContainerOptions = {
  limits: { requests: { maxHeldBytes: 1024 * 1024 } },
};

withCtx("entries take a bounded part of a connection", async (ctx) => {
  const { hub, directory, stranger } = await makeStage(
    ctx,
    { trust: () => true },
    narrow,
  );
  const here = await ctx.createContainer();
  const { address } = await here.spawn(Agent);
  const long = Object.fromEntries(
    Array.from({ length: 16 }, (_, i) => [`${i}`, "x".repeat(256)]),
  );
  const keys: string[] = [];
  await assertRejects(
    async () => {
      for (;;) {
        keys.push(await stranger.register({ type: "a", address }));
      }
    },
    ServerBusyError,
    "maxHeldBytes",
  );
  assertEquals(directory.stats().entries, keys.length);
  assertEquals(keys.length > 100 && keys.length < 700, true, `${keys.length}`);
  await assertRejects(
    () =>
      stranger.register({
        type: "a",
        address,
        key: keys[0]!,
        properties: long,
      }),
    ServerBusyError,
    "maxHeldBytes",
  );
  // Calls still get through, and other connections have their own room.
  await stranger.deregister(keys.pop()!);
  keys.push(await stranger.register({ type: "a", address }));
  const client = await findDirectory(here, directory.address);
  await client.register({ address }, { type: "honest" });
  for (const key of keys) await stranger.deregister(key);
  assertEquals((await client.lookUp()).length, 1);
  await client.close();
  assertEquals(directory.stats(), EMPTY);
  await until(() => hub.stats().heldBytes === 0);
});

withCtx("subscriptions take a bounded part of a connection", async (ctx) => {
  const { hub, directory } = await makeStage(ctx, {}, narrow);
  const here = await ctx.createContainer();
  const client = await findDirectory(here, directory.address);
  await client.register(await here.spawn(Agent), { type: "a" });
  const open: AsyncGenerator<DirectoryChange>[] = [];
  await assertRejects(
    async () => {
      for (;;) {
        const changes = client.subscribe();
        await changes.next();
        open.push(changes);
      }
    },
    ServerBusyError,
    "maxHeldBytes",
  );
  assertEquals(open.length > 1 && open.length < 16, true, `${open.length}`);
  const other = await findDirectory(
    await ctx.createContainer(),
    directory.address,
  );
  const others = other.subscribe();
  await others.next();
  for (const changes of [...open, others]) await changes.return(undefined);
  await until(() => directory.stats().subscribers === 0);
  await client.close();
  await until(() => hub.stats().heldBytes === 0);
});

withCtx(
  "a subscriber that has yet to hear of too much is ended",
  async (ctx) => {
    const { directory } = await makeStage(ctx, { trust: () => true }, {
      limits: { requests: { maxHeldBytes: 256 * 1024 } },
    });
    const slow = await findDirectory(
      await ctx.createContainer(),
      directory.address,
    );
    for (let i = 0; i < 6; i++) {
      const here = await ctx.createContainer();
      const remote = await here.connect<Directory>(directory.address);
      for (let j = 0; j < 40; j++) {
        await remote.register({ type: "a", address: `${here.address}/${j}` });
      }
    }
    // A smaller subscription works, any number of times.
    for (let i = 0; i < 5; i++) {
      const end = new AbortController();
      const few = slow.subscribe({ type: "b", signal: end.signal });
      const nothing = assertRejects(() => few.next(), RangeError, "over");
      await until(() => directory.stats().subscribers === 1);
      end.abort(new RangeError("over"));
      await nothing;
      await until(() => directory.stats().subscribers === 0);
    }
    await assertRejects(
      async () => {
        for await (const { entry } of slow.subscribe()) {
          assertEquals(entry.type, "a");
        }
      },
      ServerBusyError,
      "maxHeldBytes",
    );
  },
);

withCtx(
  "a subscriber that has heard of all needs no more memory",
  async (ctx) => {
    // Room for about 200 entries that have not been sent.
    const { hub, directory } = await makeStage(ctx, {}, {
      limits: { requests: { maxHeldBytes: 256 * 1024 } },
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
    for (let i = 0; i < 150; i++) {
      const seat = await client.register(agent, { type: "a" });
      await next();
      const { heldBytes } = hub.stats();
      await seat.update({ note: "longer than before" });
      await next();
      // After its first read, the subscriber reads ahead, so the hub releases
      // later entries.
      if (i === 0) assertEquals(hub.stats().heldBytes > heldBytes, true);
      await seat.close();
      await next();
      // Entries that are not sent take no memory, either.
      await (await client.register(agent, { type: "a" })).close();
    }
    assertEquals(new Set(kinds), new Set(["added", "changed", "removed"]));
    await changes.return(undefined);
    await until(() => directory.stats().subscribers === 0);
  },
);

/** A reference to a function of the sender. */
class Callable {}

/** The second custom type of a container is references. */
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
    const there = await serveHostile(
      ctx,
      (path) =>
        path === "confirm_registration"
          ? { then: new Callable() }
          : path === "validate_aid"
          ? "A"
          : true,
      { serializers },
    );
    await assertRejects(() =>
      stranger.register({ type: "evil", address: `${there.address}/0` })
    );
    assertEquals(await stranger.lookUp(), []);
    assertEquals(directory.stats(), EMPTY);
  },
);
