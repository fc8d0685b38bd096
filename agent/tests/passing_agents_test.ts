import { assert, assertEquals, assertRejects } from "@std/assert";
import { RemoteError, TimeoutError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { expose } from "../../rpc/service/expose.ts";
import { sameRemote, withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import type { Container } from "../container.ts";
import type { ContainerOptions } from "../container_options.ts";
import { Cat } from "../fixtures/cat.ts";
import { until } from "../fixtures/until.ts";

/**
 * Makes containers with the given options, and one cat in each. They connect to
 * every address that a peer names.
 */
async function cats(
  ctx: Ctx,
  ...options: ContainerOptions[]
): Promise<Cat[]> {
  const made = [];
  for (const each of options) {
    const container = await ctx.createContainer({
      allowConnect: () => true,
      ...each,
    });
    made.push(await container.spawn(Cat));
  }
  return made;
}

async function connect(from: Agent, to: Agent): Promise<Remote<Cat>> {
  return await from.container.connect<Cat>(to.address);
}

/** Asserts that a method relays the error of its own call as a remote error. */
async function assertRelays(
  call: () => Promise<unknown>,
  name: string,
): Promise<RemoteError> {
  const error = await assertRejects(call, RemoteError);
  assertEquals(error.remoteName, name);
  return error;
}

withCtx({
  name: "an agent and a proxy of this connection arrive as proxies",
  codecs,
}, async (ctx) => {
  const [here, there] = await cats(ctx, {}, {}) as [Cat, Cat];
  const proxy = await connect(here, there);
  const second = await there.container.spawn(Cat);
  const toSecond = await connect(here, second);
  const said = (cat: Agent) => `meow from CatProxy('${cat.address}')`;
  assertEquals(await proxy.ask(here), said(here));
  assertEquals(await proxy.ask(toSecond), said(second));
  assertEquals(await proxy.ask(proxy), said(there));
  // A proxy that comes back copies the arguments of its calls, like any other.
  await proxy.befriend(toSecond);
  const home = await proxy.getFriend();
  assert(sameRemote(home, toSecond));
  // No container holds an agent for another one.
  await proxy.befriend(here);
  assertEquals(await proxy.askFriend(), said(here));
  assertEquals(here.container.stats().connections, 1);
  assertEquals(there.container.stats().connections, 1);
});

withCtx(
  { name: "agents pass each other on, over A, B, C and D", codecs },
  async (ctx) => {
    const [a, b, c, d] = await cats(ctx, {}, {}, {}, {}) as [
      Cat,
      Cat,
      Cat,
      Cat,
    ];
    const [toB, toC, toD] = [
      await connect(a, b),
      await connect(a, c),
      await connect(a, d),
    ];
    assertEquals(
      await toB.passOn(toC, toD),
      `meow from CatProxy('${d.address}')`,
    );
    // B received C and called it; C received D. All connections are direct.
    const connections = [a, b, c, d].map((it) =>
      it.container.stats().connections
    );
    assertEquals(connections, [3, 1, 1, 0]);
    await toC.befriend(toD);
    await b.container.close();
    assertEquals(await toC.askFriend(), `meow from CatProxy('${d.address}')`);
  },
);

withCtx(
  "an agent in onStart and onClose is told of by its address",
  async (ctx) => {
    class Member extends Cat {
      protected override async onStart() {
        const directory = await this.container.connect<Cat>(this.#directory);
        await directory.befriend(this);
        await assertRelays(() => directory.askFriend(), "AgentNotFoundError");
      }
      protected override async onClose() {
        const directory = await this.container.connect<Cat>(this.#directory);
        await directory.befriend(this);
      }
      readonly #directory: string;
      constructor(container: Container, directory: string) {
        super(container, { id: "member" });
        this.#directory = directory;
      }
    }
    const [directory] = await cats(ctx, {}) as [Cat];
    for (
      const container of [await ctx.createContainer(), directory.container]
    ) {
      const member = await container.spawn(Member, directory.address);
      const proxy = await connect(member, directory);
      assertEquals(
        await proxy.askFriend(),
        `meow from MemberProxy('${member.address}')`,
      );
      await member.close();
      await assertRelays(() => proxy.askFriend(), "AgentNotFoundError");
      // A proxy for a missing agent is returned, too, and fails when it is
      // called.
      const gone = await directory.getFriend()!;
      await proxy.hear(gone);
      await assertRelays(() => proxy.ask(gone!), "AgentNotFoundError");
    }
  },
);

withCtx(
  "an agent of another container of this process goes by address",
  async (ctx) => {
    const [a, b, c] = await cats(ctx, {}, {}, {}) as [Cat, Cat, Cat];
    const proxy = await connect(a, b);
    await proxy.befriend(c);
    assertEquals(await proxy.askFriend(), `meow from CatProxy('${c.address}')`);
    assertEquals(b.container.stats().connections, 1);
  },
);

withCtx(
  "a third party's agent is dialled again after its container was away",
  async (ctx) => {
    const [a, b] = await cats(ctx, {}, {}) as [Cat, Cat];
    const third = await ctx.createContainer();
    const cat = await third.spawn(Cat);
    const [proxy, toThird] = [await connect(a, b), await connect(a, cat)];
    await proxy.befriend(toThird);
    await proxy.askFriend();
    await cat.close();
    await assertRelays(() => proxy.askFriend(), "AgentNotFoundError");
    await third.close();
    await assertRelays(() => proxy.askFriend(), "ConnectError");
  },
);

withCtx(
  "what a peer tells of is dialled only where allowConnect says so",
  async (ctx) => {
    const asked: string[] = [];
    const [a, b, c, d] = await cats(
      ctx,
      {},
      {
        allowConnect(address) {
          asked.push(address);
          return address === d!.address;
        },
      },
      {},
      {},
    ) as [Cat, Cat, Cat, Cat];
    const proxy = await connect(a, b);
    await proxy.befriend(await connect(a, c));
    assertEquals(asked, []);
    const error = await assertRejects(() => proxy.askFriend(), RemoteError);
    assertEquals(error.remoteName, "ConnectError");
    assert(error.message.includes("'allowConnect'"));
    assertEquals(asked, [c.address]);
    assertEquals(b.container.stats().connections, 0);
    await proxy.befriend(await connect(a, d));
    assertEquals(await proxy.askFriend(), `meow from CatProxy('${d.address}')`);
    // The container may always call its own agents, and those it connects to
    // itself.
    await proxy.befriend(proxy);
    assertEquals(await proxy.askFriend(), `meow from CatProxy('${b.address}')`);
    await b.container.connect(c.address);
    assertEquals(asked.at(-1), d.address);
  },
);

withCtx(
  "only the very address that a container knows is dialled by default",
  async (ctx) => {
    const home = await ctx.createContainer();
    const host = await home.spawn(Cat);
    const [guest] = await cats(ctx, {}) as [Cat];
    const [known, other] = await cats(ctx, {}, {}) as [Cat, Cat];
    await home.connect(known.address);
    const proxy = await connect(guest, host);
    await proxy.befriend(await connect(guest, known));
    assertEquals(
      await proxy.askFriend(),
      `meow from CatProxy('${known.address}')`,
    );
    // Not allowed: another port of the same host, or another socket in its
    // folder.
    await proxy.befriend(await connect(guest, other));
    const error = await assertRelays(() => proxy.askFriend(), "ConnectError");
    assert(error.message.includes("'allowConnect'"), error.message);
    assertEquals(home.stats().connections, 1);
    assertEquals(other.container.stats().acceptedConnections, 1);
    // An address that the program itself watches is known from then on.
    await home.watch(`${other.container.address}/nobody`);
    await proxy.askFriend();
  },
);

withCtx("an async allowConnect is waited for", async (ctx) => {
  const answers = [false, true];
  const [a, b, c] = await cats(ctx, {}, {
    allowConnect: async () => await Promise.resolve(answers.shift()!),
  }, {}) as [Cat, Cat, Cat];
  const proxy = await connect(a, b);
  await proxy.befriend(await connect(a, c));
  await assertRelays(() => proxy.askFriend(), "ConnectError");
  assertEquals(b.container.stats().connections, 0);
  assertEquals(await proxy.askFriend(), `meow from CatProxy('${c.address}')`);
  assertEquals(answers, []);
});

withCtx("an allowConnect that fails lets nothing be dialled", async (ctx) => {
  const [a, b, c] = await cats(ctx, {}, {
    allowConnect: () => Promise.reject(new RangeError("no list")),
  }, {}) as [Cat, Cat, Cat];
  const proxy = await connect(a, b);
  await proxy.befriend(await connect(a, c));
  await assertRelays(() => proxy.askFriend(), "RangeError");
  assertEquals(b.container.stats().connections, 0);
});

withCtx("the time of a call goes for dialling, too", async (ctx) => {
  const gate = Promise.withResolvers<void>();
  class Slow extends Agent {
    @expose
    async meow(): Promise<string> {
      await gate.promise;
      return "late";
    }
  }
  const [a, b] = await cats(ctx, {}, {}) as [Cat, Cat];
  const third = await ctx.createContainer();
  const slow = await third.spawn(Slow);
  await b.befriend(await connect(b, slow));
  const home = (await (await connect(a, b)).getFriend())!;
  await assertRejects(
    () => withOptions(home, { timeoutMs: 30 }).meow(1),
    TimeoutError,
  );
  const controller = new AbortController();
  const call = withOptions(home, { signal: controller.signal }).meow(1);
  await until(() => third.stats().clients === 2);
  controller.abort("enough");
  assertEquals(await call.catch((reason) => reason), "enough");
  gate.resolve();
});

withCtx(
  "a peer without extensions gets a reference, which forwards",
  async (ctx) => {
    const [a, b, c] = await cats(
      ctx,
      {},
      { extensions: false },
      {},
    ) as [Cat, Cat, Cat];
    const proxy = await connect(a, b);
    const answer = await proxy.ask(await connect(a, c));
    assert(/^meow from Remote\(\$\/ref\/0 at /.test(answer), answer);
    assertEquals(b.container.stats().connections, 0);
    // An agent of the caller is reached by a path.
    const own = await proxy.ask(a);
    assert(/^meow from Remote\(agents\/0 at /.test(own), own);
    // Nothing remains of a closed agent that was passed.
    await a.close();
    await assertRejects(() => proxy.ask(a), RemoteError, "Cannot find agent");
  },
);
