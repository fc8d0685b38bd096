import { assertEquals, assertRejects } from "@std/assert";
import { RemoteError } from "../../channel/errors.ts";
import { Directory } from "../directory/directory.ts";
import { findDirectory } from "../directory/client.ts";
import { expose } from "../../rpc/service/expose.ts";
import { call } from "../../rpc/call.ts";
import type { Remote } from "../../rpc/remote.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import type { ContainerOptions } from "../container_options.ts";
import { until } from "../fixtures/until.ts";

class Host extends Agent {
  @expose
  shown(): unknown {
    return call().identity;
  }

  @expose
  async ask(other: Remote<Host>): Promise<unknown> {
    return await other.shown();
  }
}

/** Returns the credentials that were shown, or "nothing". */
const tells = (credentials: unknown) => credentials ?? "nothing";

/** Connects to every address that a peer names. */
const open: ContainerOptions = { allowConnect: () => true };

withCtx("credentials are shown where the program connects", async (ctx) => {
  const here = await ctx.createContainer({ credentials: "secret" });
  const there = await ctx.createContainer({ authenticate: tells });
  const host = await there.spawn(Host);
  const remote = await here.connect<Host>(host.address);
  assertEquals(await remote.shown(), "secret");
});

withCtx(
  "credentials are not shown at an address that only a peer told",
  async (ctx) => {
    const here = await ctx.createContainer({ ...open, credentials: "secret" });
    const guest = await ctx.createContainer();
    const other = await ctx.createContainer({ authenticate: tells });
    const host = await here.spawn(Host);
    const target = await other.spawn(Host);
    const toHost = await guest.connect<Host>(host.address);
    const toTarget = await guest.connect<Host>(target.address);
    assertEquals(await toHost.ask(toTarget), "nothing");
    // Once the program has connected there, the address counts as its own.
    const own = await here.connect<Host>(target.address);
    assertEquals(await own.shown(), "secret");
    assertEquals(await toHost.ask(toTarget), "secret");
    assertEquals(here.stats().connections, 2);
  },
);

withCtx("credentialsFor decides about told addresses", async (ctx) => {
  const asked: string[] = [];
  let answer: () => unknown = () => false;
  const here = await ctx.createContainer({
    ...open,
    credentials: "secret",
    credentialsFor: (address) => {
      asked.push(address);
      return answer() as boolean | Promise<boolean>;
    },
  });
  const guest = await ctx.createContainer();
  const other = await ctx.createContainer({ authenticate: tells });
  const host = await here.spawn(Host);
  const toHost = await guest.connect<Host>(host.address);
  const target = await guest.connect<Host>((await other.spawn(Host)).address);
  for (
    const [it, shown] of [
      [() => Promise.resolve(false), "nothing"],
      [() => "yes", "nothing"],
      [() => true, "secret"],
      [() => Promise.resolve(true), "secret"],
    ] as const
  ) {
    answer = it;
    assertEquals(await toHost.ask(target), shown);
  }
  assertEquals(new Set(asked), new Set([other.address]));
  answer = () => Promise.reject(new RangeError("no list"));
  await assertRejects(() => toHost.ask(target), RemoteError, "no list");
});

withCtx(
  "a function for credentials is called with the address",
  async (ctx) => {
    const here = await ctx.createContainer({
      credentials: (address: string) => `for ${address}`,
    });
    for (let i = 0; i < 2; i++) {
      const there = await ctx.createContainer({ authenticate: tells });
      const { address } = await there.spawn(Host);
      const remote = await here.connect<Host>(address);
      assertEquals(await remote.shown(), `for ${there.address}`);
    }
  },
);

withCtx(
  "credentials are not shown to what a directory tells of",
  async (ctx) => {
    const shown: unknown[] = [];
    const authenticate = (credentials: unknown) => {
      shown.push(credentials);
      return tells(credentials);
    };
    const hub = await ctx.createContainer({ authenticate, credentials: "hub" });
    const { address } = await hub.spawn(Directory);
    const there = await ctx.createContainer({ authenticate });
    const theirs = await findDirectory(there, address);
    await theirs.register(await there.spawn(Host), { type: "host" });
    // The directory has connected to the container that registers.
    assertEquals(shown.splice(0), [undefined, undefined]);
    const here = await ctx.createContainer({ credentials: "secret" });
    const directory = await findDirectory(here, address);
    const found = await directory.connectOne<Host>({ type: "host" });
    assertEquals(await found.shown(), "nothing");
    assertEquals(shown, ["secret", undefined]);
  },
);

withCtx("a container forgets who it was told of, once gone", async (ctx) => {
  const here = await ctx.createContainer({ ...open, credentials: "secret" });
  const guest = await ctx.createContainer();
  const host = await here.spawn(Host);
  const toHost = await guest.connect<Host>(host.address);
  for (let i = 0; i < 3; i++) {
    const other = await ctx.createContainer();
    const target = await other.spawn(Host);
    await toHost.ask(await guest.connect<Host>(target.address));
    await other.close();
    await until(() => here.stats().connections === 0);
  }
});

withCtx("peers make a container open no more than it may", async (ctx) => {
  const here = await ctx.createContainer({
    ...open,
    limits: { connections: { max: 2 } },
  });
  const guest = await ctx.createContainer();
  const host = await here.spawn(Host);
  const toHost = await guest.connect<Host>(host.address);
  const targets: string[] = [];
  for (let i = 0; i < 3; i++) {
    const other = await ctx.createContainer({ authenticate: tells });
    targets.push((await other.spawn(Host)).address);
  }
  const ask = async (address: string) =>
    await toHost.ask(await guest.connect<Host>(address));
  assertEquals(await ask(targets[0]!), "nothing");
  assertEquals(await ask(targets[1]!), "nothing");
  await assertRejects(() => ask(targets[2]!), Error, "connections.max");
  // Connections that the program requests are not limited.
  const own = await here.connect<Host>(targets[2]!);
  assertEquals(await own.shown(), "nothing");
});

withCtx("a container's connections share one budget", async (ctx) => {
  const seen: { budget: { parent: unknown } }[] = [];
  const here = await ctx.createContainer({
    middleware: { connections: [(channel) => seen.push(channel as never)] },
  });
  const there = await ctx.createContainer();
  const [near, far] = [await here.spawn(Host), await there.spawn(Host)];
  await here.connect(far.address);
  await here.connect(near.address);
  await there.connect(near.address);
  const roots = new Set(seen.map(({ budget }) => {
    let root = budget;
    while (root.parent !== null) root = root.parent as typeof root;
    return root;
  }));
  // One to the other container, both ends of the one to itself, and the
  // incoming one.
  assertEquals([seen.length, roots.size], [4, 1]);
});
