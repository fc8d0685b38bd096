import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ConnectionClosedError, RemoteError } from "../channel/errors.ts";
import { codecs } from "../channel/fixtures/codecs.ts";
import { usedHeapBytes } from "../channel/fixtures/heap.ts";
import { call } from "../rpc/call.ts";
import { AgentNotFoundError } from "../rpc/errors.ts";
import { expose } from "../rpc/service/expose.ts";
import type { Remote } from "../rpc/remote.ts";
import type { Ctx } from "../testing/ctx_contract.ts";
import { withCtx } from "../testing/ctx.ts";
import { nextTurn } from "../testing/fixtures/next_turn.ts";
import { AddressInUseError, ConnectError } from "../transports/errors.ts";
import { memory } from "../transports/memory.ts";
import type { Transport } from "../transports/transport.ts";
import { Agent } from "./agent.ts";
import { Container } from "./container.ts";
import { ClockClosedError, ContainerClosedError } from "./errors.ts";
import type { Clock } from "./clock/base_clock.ts";
import { ExternalClock } from "./clock/external_clock.ts";
import { Cat } from "./fixtures/cat.ts";
import { reopen } from "./fixtures/reopen.ts";
import { aborted, until } from "./fixtures/until.ts";

withCtx(
  { name: "Container.connect calls agents of other containers", codecs },
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const cat = await there.spawn(Cat);
    assertEquals([cat.id, cat.address], ["0", `${there.address}/0`]);
    const proxy = await here.connect<Cat>(cat.address);
    assertEquals(await proxy.meow(2), "meowmeow");
    assertEquals(String(cat), `Cat('${cat.address}')`);
    assertEquals(String(proxy), `CatProxy('${cat.address}')`);
    assertStrictEquals(await here.connect(cat.address), proxy);
    assertEquals(await proxy.tomorrow(new Date(0)), new Date(86_400_000));
    await assertRejects(() => proxy.fail(), RemoteError, "no");
    assertEquals(here.stats().connections, 1);
  },
);

withCtx({
  name: "Container.connect reaches agents of its own with the same semantics",
  codecs,
}, async (ctx) => {
  const here = await ctx.createContainer();
  const cat = await here.spawn(Cat);
  const proxy = await here.connect<Cat>(cat.address);
  const list = [1];
  await proxy.hear(list);
  assertEquals(cat.heard, [[1]]);
  assert(cat.heard[0] !== list);
  await assertRejects(() => proxy.fail(), RemoteError, "no");
  assertEquals(here.stats().clients, 0);
  assertEquals(String(await proxy.me()), `CatProxy('${cat.address}')`);
});

withCtx(
  "Container.connect fails cleanly, and can be tried again",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const missing = `${there.address}/cat`;
    await assertRejects(() => here.connect(missing), AgentNotFoundError);
    await assertRejects(() => here.connect(missing), AgentNotFoundError);
    const waiting = here.connect<Cat>(missing, { retryForMs: Infinity });
    class Named extends Cat {
      constructor(container: Container) {
        super(container, { id: "cat" });
      }
    }
    const cat = await there.spawn(Named);
    assertEquals(await (await waiting).meow(1), "meow");
    const proxy = await here.connect<Cat>(missing);
    await cat.close();
    await assertRejects(() => proxy.meow(1), AgentNotFoundError);
    await there.close();
    await assertRejects(() => here.connect(missing), ConnectError);
    await assertRejects(() => here.connect(missing), ConnectError);
  },
);

/** The memory transport, with connections that wait for a gate. */
class GatedTransport implements Transport {
  readonly scheme = "local";
  readonly listen = memory().listen;
  /** One gate per attempt, which connects once its gate is open. */
  readonly gates: PromiseWithResolvers<void>[] = [];
  async connect(...[address, options]: Parameters<Transport["connect"]>) {
    const gate = Promise.withResolvers<void>();
    this.gates.push(gate);
    const { signal } = options!;
    await Promise.race([gate.promise, ...(signal ? [aborted(signal)] : [])]);
    return await memory().connect(address, options);
  }
}

/**
 * Returns a container whose attempts to connect wait, and one to connect to.
 */
async function gated(
  ctx: Ctx,
): Promise<
  { here: Container; there: Container; gates: PromiseWithResolvers<void>[] }
> {
  const transport = new GatedTransport();
  const here = await ctx.createContainer({ transports: [transport] });
  const there = await ctx.createContainer();
  return { here, there, gates: transport.gates };
}

const transports = ["memory"] as const;

withCtx(
  { name: "Container.connect shares a connection being made", transports },
  async (ctx) => {
    const { here, there, gates } = await gated(ctx);
    const cats = [await there.spawn(Cat), await there.spawn(Cat)];
    const connecting = [...cats, ...cats].map(({ address }) =>
      here.connect<Cat>(address)
    );
    await until(() => gates.length > 0);
    gates[0]!.resolve();
    const proxies = await Promise.all(connecting);
    assertStrictEquals(proxies[0], proxies[2]);
    assertEquals([gates.length, here.stats().connections], [1, 1]);
  },
);

withCtx(
  {
    name: "Container.connect goes on for one when another gives up",
    transports,
  },
  async (ctx) => {
    const { here, there, gates } = await gated(ctx);
    const { address } = await there.spawn(Cat);
    const controller = new AbortController();
    const { signal } = controller;
    const [leaving, staying] = [
      here.connect(address, { signal }),
      here.connect<Cat>(address),
    ];
    await until(() => gates.length > 0);
    controller.abort("enough");
    assertEquals(await leaving.catch((reason) => reason), "enough");
    gates[0]!.resolve();
    assertEquals(await (await staying).meow(1), "meow");

    // A new caller does not join an attempt that all others have left.
    const other = await ctx.createContainer();
    const cat = await other.spawn(Cat);
    const left = new AbortController();
    const first = here.connect(cat.address, { signal: left.signal });
    await until(() => gates.length === 2);
    left.abort("enough");
    assertEquals(await first.catch((reason) => reason), "enough");
    const second = here.connect<Cat>(cat.address);
    await until(() => gates.length === 3);
    gates[1]!.resolve();
    gates[2]!.resolve();
    assertEquals(await (await second).meow(1), "meow");
  },
);

withCtx(
  {
    name: "Container.connect does not fail for an attempt begun before it",
    transports,
  },
  async (ctx) => {
    const { here, gates } = await gated(ctx);
    const address = ctx.address;
    const early = here.connect(`${address}/0`);
    await until(() => gates.length === 1);
    const late = here.connect<Cat>(`${address}/0`);
    const refused = assertRejects(() => early, ConnectError);
    gates[0]!.resolve();
    await refused;
    const there = ctx.use(await Container.create(address, ctx.options));
    await there.spawn(Cat);
    await until(() => gates.length === 2);
    gates[1]!.resolve();
    assertEquals(await (await late).meow(1), "meow");
  },
);

withCtx(
  { name: "Container.close ends attempts to connect", transports },
  async (ctx) => {
    const { here, there, gates } = await gated(ctx);
    const { address } = await there.spawn(Cat);
    const connecting = assertRejects(
      () => here.connect(address, { retryForMs: Infinity }),
      ContainerClosedError,
    );
    await until(() => gates.length === 1);
    await here.close();
    await connecting;
    gates[0]!.resolve();
    await nextTurn();
    assertEquals(there.stats().clients, 0);
    await assertRejects(() => here.connect(address), ContainerClosedError);
  },
);

withCtx({
  name: "a connection that comes when nobody wants it any more is closed",
  transports,
}, async (ctx) => {
  const gate = Promise.withResolvers<void>();
  let attempts = 0;
  const deaf: Transport = {
    scheme: "local",
    listen: memory().listen,
    async connect(address) {
      attempts++;
      await gate.promise;
      return await memory().connect(address);
    },
  };
  const here = await ctx.createContainer({ transports: [deaf] });
  const there = await ctx.createContainer();
  const other = await ctx.createContainer();
  const controller = new AbortController();
  const { signal } = controller;
  const { address } = await there.spawn(Cat);
  const left = here.connect(address, { signal });
  const ended = here.connect(`${other.address}/0`);
  await until(() => attempts === 2);
  controller.abort("enough");
  assertEquals(await left.catch((reason) => reason), "enough");
  const rejected = assertRejects(() => ended, ContainerClosedError);
  await here.close({ graceMs: 5 });
  await rejected;
  gate.resolve();
  for (let i = 0; i < 10; i++) await nextTurn();
  assertEquals([there.stats().clients, other.stats().clients], [0, 0]);
  assertEquals(here.stats().connections, 0);
});

withCtx(
  "Container.connect may race with a close at any moment",
  async (ctx) => {
    const there = await ctx.createContainer();
    const { address } = await there.spawn(Cat);
    for (let turns = 0; turns < 12; turns++) {
      const here = await ctx.createContainer();
      const connecting = Promise.allSettled(
        [address, `${here.address}/0`, `${there.address}/none`].map((it) =>
          here.connect(it, { retryForMs: Infinity })
        ),
      );
      if (turns % 2 === 0) await Promise.resolve();
      for (let i = 0; i < turns; i++) await nextTurn();
      await here.close();
      for (const result of await connecting) {
        if (result.status === "fulfilled") continue;
        assert(result.reason instanceof ContainerClosedError, result.reason);
      }
      assertEquals(here.stats().connections, 0);
    }
  },
);

withCtx("Container.connect reopens after the peer came back", async (ctx) => {
  const here = await ctx.createContainer();
  const first = await ctx.createContainer();
  const cat = await first.spawn(Cat);
  const proxy = await here.connect<Cat>(cat.address);
  await first.close();
  await assertRejects(() => proxy.meow(1), ConnectError);
  await assertRejects(() => here.connect(cat.address), ConnectError);
  const waiting = here.connect<Cat>(cat.address, { retryForMs: Infinity });
  const second = ctx.use(await reopen(first.address, ctx.options));
  await second.spawn(Cat);
  assertEquals(await (await waiting).meow(1), "meow");
  assertEquals(await proxy.meow(1), "meow");
  // Closed and reopened unnoticed: the next call finds the old connection dead.
  await second.close({ graceMs: 0 });
  const third = ctx.use(await reopen(first.address, ctx.options));
  await third.spawn(Cat);
  const again = await here.connect<Cat>(cat.address);
  assertEquals(await again.meow(2), "meowmeow");
});

withCtx(
  "a peer that dies while it is asked for an agent is none",
  async (ctx) => {
    const here = await ctx.createContainer();
    const server = await ctx.startServer(async (channel) => {
      await channel.recv();
      await channel.recv();
      await channel.close({ graceMs: 0 });
    });
    const address = `${server.address}/0`;
    const error = await assertRejects(
      () => here.connect(address),
      ConnectError,
    );
    assert(error.cause instanceof ConnectionClosedError);
    const waiting = here.connect<Cat>(address, { retryForMs: Infinity });
    await until(() => server.stats().handlers > 0);
    await server.close();
    const there = ctx.use(await reopen(server.address, ctx.options));
    await there.spawn(Cat);
    assertEquals(await (await waiting).meow(1), "meow");
  },
);

withCtx(
  "Container.connect finds an agent that came while others asked",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    await here.connect((await there.spawn(Cat)).address);
    const address = `${there.address}/late`;
    const early = here.connect(address).catch((error) => error);
    const cat = await there.spawn(Cat, { id: "late" });
    await here.connect(cat.address);
    await early;
    // The container is asked each time, with or without a proxy.
    const proxy = await here.connect<Cat>(cat.address);
    await cat.close();
    await assertRejects(() => here.connect(address), AgentNotFoundError);
    class Dog extends Cat {}
    await there.spawn(Dog, { id: "late" });
    const dog = await here.connect<Dog>(address);
    assertEquals(String(dog), `DogProxy('${address}')`);
    assertEquals(await proxy.meow(1), "meow");
  },
);

withCtx("Container.connect refuses wrong options", async (ctx) => {
  const here = await ctx.createContainer();
  for (const retryForMs of [-1, NaN]) {
    await assertRejects(
      () => here.connect(`${here.address}/0`, { retryForMs }),
      RangeError,
    );
  }
  await assertRejects(() => here.connect(here.address), TypeError);
});

withCtx("Container.create refuses what is no clock", async (ctx) => {
  const clock = "2024-01-01" as unknown as Clock;
  await assertRejects(
    () => Container.create(ctx.address, { ...ctx.options, clock }),
    TypeError,
    "as 'clock'",
  );
});

withCtx("Container.spawn refuses what is no class", async (ctx) => {
  const here = await ctx.createContainer();
  const agent = await here.spawn(Agent);
  for (const wrong of [agent, "cats:Cat", undefined]) {
    await assertRejects(
      () => here.spawn(wrong as unknown as typeof Agent),
      TypeError,
      "Cannot spawn an agent",
    );
  }
});

withCtx("proxies are remembered weakly", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  for (let i = 0; i < 20; i++) {
    const cat = await there.spawn(Cat);
    await here.connect(cat.address);
  }
  const cat = await there.spawn(Cat);
  const kept = await here.connect<Cat>(cat.address);
  while (here.stats().proxies > 1) await usedHeapBytes();
  assertStrictEquals(await here.connect<Cat>(cat.address), kept);
});

/** Makes a call, and then answers when its gate is open. */
class Clerk extends Agent {
  readonly gate = Promise.withResolvers<void>();
  begun = 0;
  ended: unknown = null;
  @expose({ concurrent: true })
  async work(other: Remote<Cat> | null): Promise<string> {
    const { signal } = call();
    signal.addEventListener("abort", () => this.ended = signal.reason);
    this.begun++;
    await this.gate.promise;
    return other === null ? "done" : await other.meow(1);
  }
}

for (const from of ["elsewhere", "itself"] as const) {
  withCtx(
    `Container.close lets methods finish that are called from ${from}`,
    async (ctx) => {
      const here = await ctx.createContainer();
      const there = await ctx.createContainer();
      const [cat, clerk] = [await here.spawn(Cat), await there.spawn(Clerk)];
      const toCat = await there.connect<Cat>(cat.address);
      const caller = from === "itself" ? there : here;
      const proxy = await caller.connect<Clerk>(clerk.address);
      const work = proxy.work(toCat);
      await until(() => clerk.begun === 1);
      const closing = there.close({ graceMs: 10_000 });
      // Its agents are closed by then, and it is closing its connections.
      await until(() => there.agents.size === 0);
      for (let i = 0; i < 10; i++) await nextTurn();
      clerk.gate.resolve();
      assertEquals(await work, "meow");
      await closing;
      assertEquals(clerk.ended, null);
    },
  );
}

withCtx("Container.close cuts what is not done within graceMs", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const clerk = await there.spawn(Clerk);
  const proxies = [
    await here.connect<Clerk>(clerk.address),
    await there.connect<Clerk>(clerk.address),
  ];
  const work = Promise.allSettled(proxies.map((proxy) => proxy.work(null)));
  await until(() => clerk.begun === 2);
  await Promise.all([there.close({ graceMs: 5 }), there.close()]);
  for (const result of await work) {
    assertEquals(result.status, "rejected");
    assert(
      (result as PromiseRejectedResult).reason instanceof ConnectionClosedError,
    );
  }
  await until(() => clerk.ended !== null);
  clerk.gate.resolve();
  await nextTurn();
  assertEquals(there.stats().clients + there.stats().connections, 0);
});

withCtx("Container.close closes the newest agents first", async (ctx) => {
  const container = await ctx.createContainer();
  const order: string[] = [];
  class Leaving extends Agent {
    protected override async onClose() {
      await nextTurn();
      order.push(`${this.id} of ${this.container.agents.size}`);
      // New agents are refused by now.
      await assertRejects(
        () => this.container.spawn(Leaving),
        ContainerClosedError,
      );
    }
  }
  for (let i = 0; i < 3; i++) await container.spawn(Leaving);
  await container.close();
  assertEquals(order, ["2 of 2", "1 of 1", "0 of 0"]);
});

withCtx(
  "Container.create closes what it has made, and no more",
  async (ctx) => {
    const clock = new ExternalClock("2024-01-01");
    const first = await ctx.createContainer({ clock });
    assertStrictEquals(first.clock, clock);
    await first.close();
    clock.setTime(1);
    const second = await ctx.createContainer();
    await second.close();
    await assertRejects(() => second.clock.sleep(1), ClockClosedError);
    clock.close();

    await assertRejects(
      () => Container.create("nowhere", ctx.options),
      TypeError,
    );
    await assertRejects(
      () => Container.create(ctx.address, { ...ctx.options, heartbeatMs: 0 }),
      RangeError,
    );
    const third = await ctx.createContainer();
    await assertRejects(
      () => Container.create(third.address, ctx.options),
      AddressInUseError,
    );
  },
);

withCtx({
  name: "a container that listens everywhere tells others the machine's name",
  transports: ["tcp"],
}, async (ctx) => {
  const named = await ctx.createContainer({ publicHost: "localhost" });
  assert(/^tcp:\/\/localhost:\d+$/.test(named.address), named.address);
  const { address } = await named.spawn(Cat);
  const here = await ctx.createContainer();
  const cat = await here.connect<Cat>(address);
  assertEquals(await cat.meow(1), "meow");
  await assertRejects(
    () => ctx.createContainer({ publicHost: "no host" }),
    TypeError,
  );
});

withCtx("Container.unref lets a process end", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const one = await there.spawn(Cat);
  await here.connect(one.address);
  here.unref();
  const other = await ctx.createContainer();
  const two = await other.spawn(Cat);
  await here.connect(two.address);
  here.ref();
  assertEquals(here.stats().connections, 2);
});
