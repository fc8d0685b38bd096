import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { ConnectError } from "../transports/errors.ts";
import { AgentNotFoundError } from "../rpc/errors.ts";
import { expose } from "../rpc/expose.ts";
import type { Remote } from "../rpc/remote.ts";
import { RemoteError } from "../channel/errors.ts";
import { codecs } from "../channel/fixtures/codecs.ts";
import { withCtx } from "../testing/ctx.ts";
import { Agent } from "./agent.ts";
import type { Container } from "./container.ts";

class Cat extends Agent {
  heard: unknown[] = [];
  @expose
  meow(times: number): string {
    return "meow".repeat(times);
  }
  @expose
  hear(value: unknown): void {
    this.heard.push(value);
  }
  @expose
  fail(): never {
    throw new RangeError("no");
  }
  @expose
  async ask(other: Remote<Cat>): Promise<string> {
    return `${await other.meow(1)} from ${other}`;
  }
  @expose
  me(): Cat {
    return this;
  }
  @expose
  tomorrow(date: Date): Date {
    return new Date(date.getTime() + 86_400_000);
  }
}

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

withCtx({
  name: "an agent of a third container is dialled at its first call",
  codecs,
}, async (ctx) => {
  const [a, b, c] = [
    await ctx.createContainer(),
    await ctx.createContainer(),
    await ctx.createContainer(),
  ];
  const one = await a.spawn(Cat);
  const two = await b.spawn(Cat);
  const three = await c.spawn(Cat);
  const toTwo = await a.connect<Cat>(two.address);
  const toThree = await a.connect<Cat>(three.address);
  await toTwo.meow(1);
  assertEquals(b.stats().connections, 0);
  assertEquals(
    await toTwo.ask(toThree),
    `meow from CatProxy('${three.address}')`,
  );
  assertEquals(b.stats().connections, 1);
  assertEquals(await toTwo.ask(toTwo), `meow from CatProxy('${two.address}')`);
  assertEquals(
    await toTwo.ask(one as unknown as Remote<Cat>),
    `meow from CatProxy('${one.address}')`,
  );
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
    const proxy = await waiting;
    assertEquals(await proxy.meow(1), "meow");
    await cat.close();
    await assertRejects(() => proxy.meow(1), AgentNotFoundError);
    await there.close();
    await assertRejects(() => here.connect(missing), ConnectError);
    await assertRejects(() => here.connect(missing), ConnectError);
  },
);

withCtx(
  "Container.watch tells when an agent or its container is gone",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const one = await there.spawn(Cat);
    const two = await there.spawn(Cat);
    const first = here.watch(one.address);
    const second = here.watch(two.address);
    const local = there.watch(two.address);
    while (there.stats().watches < 3) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    await one.close();
    assertEquals((await first).what, "agent");
    await there.close();
    assertEquals([(await second).what, (await local).what], ["agent", "agent"]);
    assertEquals((await here.watch(two.address)).what, "container");
  },
);
