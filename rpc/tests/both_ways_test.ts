import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
// deno-lint-ignore no-import-prefix -- only this test needs the package
import { z } from "npm:zod@4.6.7";
import { codecs } from "../../channel/fixtures/codecs.ts";
import {
  ConnectionClosedError,
  RemoteError,
  SerializationError,
} from "../../channel/errors.ts";
import { openConnection } from "../../channel/deno.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { call } from "../call.ts";
import type { RpcClient } from "../rpc_client.ts";
import { MethodNotFoundError, ReferenceReleasedError } from "../errors.ts";
import { expose } from "../service/expose.ts";
import { keep, sameRemote, withOptions } from "../options.ts";
import type { Remote } from "../remote.ts";
import { method } from "../service/method.ts";
import { Router, service } from "../service/service.ts";

type Callback = (value: number) => number | Promise<number>;

/** Returns the table sizes of a side. */
function tables(side: Pick<RpcClient, "stats">): number[] {
  const { references, runningCalls, streams, pendingCalls } = side.stats();
  return [references, runningCalls, streams, pendingCalls];
}

const EMPTY = [0, 0, 0, 0];

/** Creates a server that uses functions as a test asks. */
function makeHost() {
  let kept: (Callback & Disposable) | null = null;
  let seen: unknown = null;
  return {
    /** The last value that the host received. */
    seen: () => seen,
    service: service({
      ping: () => {},
      run: async (fn: Callback, value: number) => await fn(value),
      remember(fn: Callback): void {
        seen = fn;
      },
      callSeen: async (value: number) => await (seen as Callback)(value),
      keep(fn: Callback): void {
        kept = keep(fn);
      },
      callKept: async (value: number) => await kept!(value),
      drop(): void {
        kept?.[Symbol.dispose]();
      },
      adder: (a: number) => (b: number): number => a + b,
      take(value: unknown): void {
        seen = value;
      },
    }),
  };
}

async function startHost(ctx: Ctx) {
  const host = makeHost();
  const server = await ctx.rpc.startServer(host.service);
  const client = await ctx.rpc.connect<typeof host.service>();
  await client.remote.ping();
  const [side] = server.clients;
  return { ...host, server, client, remote: client.remote, side: side! };
}

withCtx(
  { name: "a function passed as an argument can be called", codecs },
  async (ctx) => {
    const { remote, client, side } = await startHost(ctx);
    assertEquals(await remote.run((value) => value * 2, 21), 42);
    assertEquals(await remote.run((value) => Promise.resolve(-value), 1), -1);
    assertEquals([tables(client), tables(side)], [EMPTY, EMPTY]);
  },
);

withCtx(
  { name: "a function that throws makes the call of it fail", codecs },
  async (ctx) => {
    const { remote, client } = await startHost(ctx);
    const thrower = () => {
      throw new RangeError("too far");
    };
    const error = await assertRejects(
      () => remote.run(thrower, 1),
      RemoteError,
    );
    assertEquals([error.remoteName, error.message], ["RangeError", "too far"]);
    assertEquals(tables(client), EMPTY);
  },
);

withCtx({
  name: "a function passed as an argument lives until its call settles",
  codecs,
}, async (ctx) => {
  const { remote, client } = await startHost(ctx);
  let during = 0;
  await remote.run((value) => {
    during = client.stats().references;
    return value;
  }, 1);
  assertEquals(during, 1);
  await remote.remember((value) => value);
  assertEquals(client.stats().references, 0);
  await assertRejects(() => remote.callSeen(1), RemoteError, "is released");
});

withCtx({
  name:
    "a released function fails with ReferenceReleasedError where it is called",
  codecs,
}, async (ctx) => {
  const { remote, seen } = await startHost(ctx);
  await remote.remember((value) => value);
  const late = seen() as (value: number) => Promise<number>;
  await assertRejects(() => late(1), ReferenceReleasedError);
});

withCtx(
  { name: "a call that is given up lets go of what it passed", codecs },
  async (ctx) => {
    const idle = service({
      ping() {},
      wait: (_fn: () => void) => new Promise<void>(() => {}),
    });
    const client = await ctx.rpc.startServerAndConnect(idle);
    await client.remote.ping();
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = withOptions(client.remote, { signal }).wait(() => {});
    assertEquals(client.stats().references, 1);
    controller.abort(new Error("given up"));
    await assertRejects(() => waiting, Error, "given up");
    assertEquals(client.stats().references, 0);
  },
);

withCtx({
  name: "keep holds a function beyond its call, until it is disposed of",
  codecs,
}, async (ctx) => {
  const { remote, client } = await startHost(ctx);
  await remote.keep((value) => value + 1);
  assertEquals(client.stats().references, 1);
  assertEquals(await remote.callKept(1), 2);
  await remote.drop();
  await remote.drop();
  await remote.ping();
  assertEquals(client.stats().references, 0);
  await assertRejects(() => remote.callKept(1), RemoteError, "disposed of");
});

withCtx(
  { name: "keep in a method works with 'using'", codecs },
  async (ctx) => {
    const { promise: later, resolve } = Promise.withResolvers<void>();
    const done = Promise.withResolvers<number>();
    const host = service({
      start(fn: Callback): void {
        (async () => {
          using kept = keep(fn);
          await later;
          return await kept(3);
        })().then(done.resolve, done.reject);
      },
      ping: () => {},
    });
    const client = await ctx.rpc.startServerAndConnect(host);
    await client.remote.start((value) => value * 3);
    assertEquals(client.stats().references, 1);
    resolve();
    assertEquals(await done.promise, 9);
    await client.remote.ping();
    assertEquals(client.stats().references, 0);
  },
);

withCtx({
  name: "a function that is returned lives until it is disposed of",
  codecs,
}, async (ctx) => {
  const { remote, side } = await startHost(ctx);
  {
    using add = await remote.adder(1);
    assertEquals(await add(2), 3);
    assertEquals(side.stats().references, 1);
  }
  await remote.ping();
  assertEquals(side.stats().references, 0);
});

withCtx({
  name: "a function that is returned twice is disposed of twice",
  codecs,
}, async (ctx) => {
  const same = () => 1;
  const host = service({ get: () => same, ping: () => {} });
  const server = await ctx.rpc.startServer(host);
  const { remote } = await ctx.rpc.connect<typeof host>();
  const [one, two] = [await remote.get(), await remote.get()];
  const [side] = server.clients;
  assert(sameRemote(one, two));
  assertEquals(side!.stats().references, 1);
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  assertEquals(await two(), 1);
  await assertRejects(() => one(), ReferenceReleasedError);
  two[Symbol.dispose]();
  await remote.ping();
  assertEquals(side!.stats().references, 0);
});

withCtx(
  { name: "keep of what was returned holds nothing twice", codecs },
  async (ctx) => {
    const { remote, side } = await startHost(ctx);
    {
      using add = keep(await remote.adder(1));
      assertEquals(await add(2), 3);
    }
    await remote.ping();
    assertEquals(side.stats().references, 0);
  },
);

withCtx({
  name: "either side may serve, and both may call each other at once",
  codecs,
}, async (ctx) => {
  type Client = typeof clientService;
  const clientService = service({
    half: async (value: number): Promise<number> =>
      value === 0 ? 0 : 1 + await client.remote.count(value - 1),
  });
  const serverSides: RpcClient<Client>[] = [];
  const serverService = service({
    count: async (value: number): Promise<number> =>
      value === 0 ? 0 : 1 + await serverSides[0]!.remote.half(value - 1),
  });
  await ctx.rpc.startServer<RpcClient<Client>>(serverService, {
    onConnect: (side) => void serverSides.push(side),
  });
  const client = await ctx.rpc.connect<typeof serverService>({
    service: clientService,
  });
  assertEquals(await client.remote.count(21), 21);
  const many = Array.from({ length: 20 }, () => client.remote.count(9));
  assertEquals(await Promise.all(many), many.map(() => 9));
  assertEquals([tables(client), tables(serverSides[0]!)], [EMPTY, EMPTY]);
});

withCtx(
  { name: "a server calls a client before the client calls it", codecs },
  async (ctx) => {
    const clientService = service({ title: () => "client" });
    const named = Promise.withResolvers<string>();
    await ctx.rpc.startServer<RpcClient<typeof clientService>>(
      service({ ping() {} }),
      {
        onConnect: (side) =>
          side.remote.title().then(named.resolve, named.reject),
      },
    );
    await ctx.rpc.connect({ service: clientService });
    assertEquals(await named.promise, "client");
  },
);

withCtx({
  name: "a side that serves nothing answers that there is no such method",
  codecs,
}, async (ctx) => {
  const outcome = Promise.withResolvers<unknown>();
  await ctx.rpc.startServer<RpcClient<{ work(): void }>>(
    service({ ping() {} }),
    {
      onConnect: (side) =>
        side.remote.work().then(outcome.resolve, outcome.resolve),
    },
  );
  await ctx.rpc.connect();
  assert(await outcome.promise instanceof MethodNotFoundError);
});

class Cat {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
  @expose
  meow(): string {
    return `${this.name}: meow`;
  }
}

class House {
  @expose
  cat = new Cat("Tom");
  @expose
  cats = new Router<Cat>();
  stray = new Cat("stray");
  received: unknown[] = [];
  @expose
  self(): House {
    return this;
  }
  @expose
  listed(): Cat {
    return this.cat;
  }
  @expose
  unlisted(): Cat {
    return this.stray;
  }
  @expose
  all(): { cats: Cat[]; first: { cat: Cat } } {
    return { cats: [this.cat, this.stray], first: { cat: this.cat } };
  }
  @expose
  routed(): Cat {
    return this.cats.get("felix")!;
  }
  @expose
  receive(...values: unknown[]): void {
    this.received = values;
  }
  @expose
  async pet(cat: Cat | Remote<Cat>): Promise<string> {
    return await cat.meow();
  }
}

async function startHouse(ctx: Ctx) {
  const house = new House();
  const server = await ctx.rpc.startServer(house);
  const client = await ctx.rpc.connect<House>();
  await client.remote.receive();
  const [side] = server.clients;
  return { house, client, remote: client.remote, side: side! };
}

withCtx({
  name: "a service or sub-service that is returned arrives as a proxy",
  codecs,
}, async (ctx) => {
  const { house, remote, side } = await startHouse(ctx);
  house.cats.set("felix", new Cat("Felix"));
  assertEquals(await (await remote.listed()).meow(), "Tom: meow");
  assertEquals(await (await remote.routed()).meow(), "Felix: meow");
  const self = await remote.self();
  assertEquals(await self.cat.meow(), "Tom: meow");
  assert(sameRemote(self, remote));
  assert(sameRemote(await remote.listed(), remote.cat));
  // Listed services can be reached anyway, so no reference is held for them.
  assertEquals(side.stats().references, 0);
});

withCtx({
  name: "a service that is not listed arrives as a proxy, too",
  codecs,
}, async (ctx) => {
  const { remote, side } = await startHouse(ctx);
  {
    using stray = await remote.unlisted();
    assertEquals(await stray.meow(), "stray: meow");
    assertEquals(side.stats().references, 1);
  }
  await remote.receive();
  assertEquals(side.stats().references, 0);
});

withCtx({ name: "services are found deep in data", codecs }, async (ctx) => {
  const { remote } = await startHouse(ctx);
  const { cats, first } = await remote.all();
  using _kept = new DisposableStack();
  for (const cat of [...cats, first.cat]) _kept.use(keep(cat));
  const meows = await Promise.all([...cats, first.cat].map((it) => it.meow()));
  assertEquals(meows, ["Tom: meow", "stray: meow", "Tom: meow"]);
});

withCtx(
  { name: "a service passed as an argument arrives as a proxy", codecs },
  async (ctx) => {
    const { remote, client } = await startHouse(ctx);
    assertEquals(await remote.pet(new Cat("Kitty")), "Kitty: meow");
    const plain = service({ meow: () => "plain", inner: service({ a() {} }) });
    assertEquals(await remote.pet(plain as unknown as Cat), "plain");
    assertEquals(tables(client), EMPTY);
  },
);

withCtx({
  name: "a service that the client serves is passed by its path",
  codecs,
}, async (ctx) => {
  const house = new House();
  await ctx.rpc.startServer(house);
  const mine = service({ cat: new Cat("mine") });
  const client = await ctx.rpc.connect<House>({ service: mine });
  await client.remote.receive(mine.cat, mine);
  const [cat, root] = house.received as [Remote<Cat>, Remote<typeof mine>];
  assertEquals(client.stats().references, 0);
  assertEquals(await cat.meow(), "mine: meow");
  assertEquals(await root.cat.meow(), "mine: meow");
});

withCtx({
  name: "what was passed comes home as the original object",
  codecs,
}, async (ctx) => {
  const { house, remote, client, side } = await startHouse(ctx);
  house.cats.set("felix", new Cat("Felix"));
  using stray = await remote.unlisted();
  await remote.receive(stray, await remote.routed(), { deep: [stray] });
  const [unlisted, routed, data] = house.received;
  assertStrictEquals(unlisted, house.stray);
  assertStrictEquals(routed, house.cats.get("felix"));
  assertStrictEquals((data as { deep: Cat[] }).deep[0], house.stray);
  assertEquals(await remote.pet(stray), "stray: meow");
  assertEquals(client.stats().references, 0);
  assertEquals(side.stats().references, 1);
});

withCtx({
  name: "a function that comes back from the other side is the original",
  codecs,
}, async (ctx) => {
  const echo = service({
    ping() {},
    echo: (value: unknown) => value,
    nested: (value: { fn: unknown }) => [value.fn],
  });
  const { remote } = await ctx.rpc.startServerAndConnect(echo);
  await remote.ping();
  const fn = () => 1;
  assertStrictEquals(await remote.echo(fn), fn);
  assertStrictEquals((await remote.nested({ fn }))[0], fn);
  const unlisted = new Cat("unlisted");
  assertStrictEquals(await remote.echo(unlisted), unlisted);
});

withCtx({
  name: "a part of a proxy passed home calls over the wire, as its holder",
  codecs,
}, async (ctx) => {
  const seen: string[] = [];
  const positive = z.number().min(0);
  const vault = service({
    ping() {},
    open: () => "gold",
    pay: method({ args: [positive] }, (amount) => `paid ${amount}`),
    inner: service({ shut: () => "shut" }),
    each: async (values: number[], use: (value: number) => unknown) => {
      const results: unknown[] = [];
      for (const value of values) results.push(await use(value));
      return results;
    },
    shutBy: async (part: { shut(): unknown }) => await part.shut(),
  });
  const { remote } = await ctx.rpc.startServerAndConnect<typeof vault>(vault, {
    server: {
      middleware: {
        requests: [({ path }, next) => {
          seen.push(path);
          if (path === "open") throw new RangeError("not you");
          return next();
        }],
      },
    },
  });
  await remote.ping();
  await assertRejects(() => remote.each([1], remote.open), RemoteError, "you");
  assertEquals(await remote.each([1, 2], remote.pay), ["paid 1", "paid 2"]);
  await assertRejects(() => remote.each([-1], remote.pay), RemoteError, "fit");
  assertEquals(await remote.shutBy(remote.inner), "shut");
  assertEquals(seen, [
    ...["ping", "each", "open", "each", "pay", "pay", "each", "pay"],
    ...["shutBy", "inner/shut"],
  ]);
});

/** Encoded by an attacker in place of a reference. */
class Forged {
  constructor(readonly data: unknown) {}
}

withCtx({
  name: "what was not passed cannot come home, whatever path a peer names",
  codecs,
}, async (ctx) => {
  const house = new House();
  house.cats.set("felix", new Cat("Felix"));
  const { address } = await ctx.rpc.startServer(house);
  // The serializer of an attacker, which sends what no real proxy would.
  await using liar = await openConnection(address, {
    ...ctx.options,
    serializers: [{
      type: Forged,
      serialize: ({ data }) => data,
      deserialize: (data) => new Forged(data),
    }],
  });
  const pass = (own: unknown) =>
    liar.send(["receive", [new Forged({ own })], {}]);
  const stray = await liar.send(["unlisted", [], {}]);
  assertEquals(stray, new Forged("$/ref/0"));
  const paths = ["", "cat", "cat/meow", "cats/felix", "receive", "$/ref/9"];
  const below = ["$/ref/0/meow", "$/ref/0/", "$/ref/00", "$/ref/", "$/ref"];
  for (const own of [...paths, ...below, 0, null, ["$/ref/0"]]) {
    await assertRejects(() => pass(own), RemoteError, "Cannot revive");
  }
  assertEquals(house.received, []);
  await pass("$/ref/0");
  assertStrictEquals(house.received[0], house.stray);
  // A listed service can be sent back once it was sent, and only by that path.
  await liar.send(["routed", [], {}]);
  await pass("cats/felix");
  assertStrictEquals(house.received[0], house.cats.get("felix"));
  await assertRejects(() => pass("cats/felix/meow"), RemoteError);
});

withCtx({
  name: "a reference that is released cannot come home",
  codecs,
}, async (ctx) => {
  const { house, remote } = await startHouse(ctx);
  using stray = await remote.unlisted();
  stray[Symbol.dispose]();
  await assertRejects(() => remote.receive(stray), RemoteError, "is released");
  assertEquals(house.received, []);
});

/** Starts a relay that calls a third side for its clients. */
async function startRelay(ctx: Ctx) {
  const aborted = Promise.withResolvers<unknown>();
  const far = service({
    add: (a: number, b: number) => a + b,
    fail(): void {
      throw Object.assign(new RangeError("too far"), {
        code: "far",
        data: { by: 2 },
      });
    },
    remaining: () => Math.min(call().remainingMs, 1e9),
    wait: () =>
      new Promise<void>((resolve) => {
        const { signal } = call();
        signal.onabort = () => {
          aborted.resolve(signal.reason);
          resolve();
        };
      }),
    async *upTo(last: number): AsyncGenerator<number> {
      for (let i = 1; i <= last; i++) yield i;
    },
    cat: new Cat("far"),
    stray: () => stray,
  });
  const stray = new Cat("far stray");
  await ctx.rpc.startServer(far);
  const outer = await ctx.rpc.connect<typeof far>();
  const relay = service({
    ping() {},
    far: () => outer.remote,
    cat: () => outer.remote.cat,
    add: () => outer.remote.add,
    stray: () => outer.remote.stray(),
  });
  const server = await ctx.rpc.startServer(relay);
  const client = await ctx.rpc.connect<{
    ping(): void;
    far(): typeof far;
    cat(): Cat;
    add(): (a: number, b: number) => number;
    stray(): Cat;
  }>();
  await client.remote.ping();
  const [side] = server.clients;
  return { client, remote: client.remote, outer, side: side!, aborted };
}

withCtx(
  { name: "a proxy passed on to a third side is forwarded", codecs },
  async (ctx) => {
    const { remote, side, outer } = await startRelay(ctx);
    {
      using far = await remote.far();
      using cat = await remote.cat();
      using add = await remote.add();
      using stray = await remote.stray();
      assertEquals(await far.add(1, 2), 3);
      assertEquals(await far.cat.meow(), "far: meow");
      assertEquals(await cat.meow(), "far: meow");
      assertEquals(await add(3, 4), 7);
      assertEquals(await stray.meow(), "far stray: meow");
      assertEquals(await Array.fromAsync(await far.upTo(3)), [1, 2, 3]);
      assertEquals(side.stats().references, 4);
    }
    await remote.ping();
    assertEquals(tables(side), EMPTY);
    assertEquals(tables(outer), EMPTY);
  },
);

withCtx({
  name: "a forwarded call fails as it failed on the third side",
  codecs,
}, async (ctx) => {
  const { remote } = await startRelay(ctx);
  using far = await remote.far();
  const error = await assertRejects(() => far.fail(), RemoteError);
  assertEquals(
    [error.remoteName, error.message, error.code, error.data],
    ["RangeError", "too far", "far", { by: 2 }],
  );
  const loose = far as unknown as { nothing(): Promise<void> };
  await assertRejects(() => loose.nothing(), MethodNotFoundError);
});

withCtx({
  name: "a forwarded call takes the caller's signal and time along",
  codecs,
}, async (ctx) => {
  const { remote, aborted, outer } = await startRelay(ctx);
  using far = await remote.far();
  // The relay's own connection has extensions after its first call.
  await far.add(1, 2);
  const left = await withOptions(far, { timeoutMs: 60_000 }).remaining();
  assert(left > 0 && left <= 60_000, `${left}`);
  assertEquals(await far.remaining(), 1e9);
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = withOptions(far, { signal }).wait();
  await far.add(1, 2);
  controller.abort(new Error("given up"));
  await assertRejects(() => waiting, Error, "given up");
  const reason = await aborted.promise;
  assert(reason instanceof DOMException && reason.name === "AbortError");
  await outer.remote.add(1, 2);
  assertEquals(tables(outer), EMPTY);
});

withCtx({
  name: "references over the limit are refused, and none of the message held",
  codecs,
}, async (ctx) => {
  const { side, client, remote } = await startHost(ctx);
  const limited = await ctx.rpc.connect<typeof client.remote>({
    maxReferences: 2,
  });
  const take = (limited.remote as unknown as typeof remote).take;
  await take([() => 1, () => 2]);
  const error = await assertRejects(
    () => take([() => 1, () => 2, () => 3]),
    SerializationError,
    "2 references are held",
  );
  assertEquals(error.path.slice(-1), [2]);
  assertEquals(limited.stats().references, 0);
  assertEquals(side.stats().references, 0);
});

withCtx({
  name: "a result over the limit of references is a failure, and holds none",
  codecs,
}, async (ctx) => {
  const host = service({
    functions: (count: number) => Array.from({ length: count }, () => () => 1),
  });
  const server = await ctx.rpc.startServer(host, { maxReferences: 2 });
  const { remote } = await ctx.rpc.connect<typeof host>();
  const error = await assertRejects(() => remote.functions(3), RemoteError);
  assertEquals(error.remoteName, "SerializationError");
  const [side] = server.clients;
  assertEquals(side!.stats().references, 0);
  const two = await remote.functions(2);
  assertEquals(side!.stats().references, 2);
  for (const fn of two) fn[Symbol.dispose]();
});

withCtx(
  { name: "a message that cannot be sent holds no references", codecs },
  async (ctx) => {
    const host = service({
      bad: () => [() => 1, Symbol("no data")] as unknown[],
      take: (..._values: unknown[]) => {},
    });
    const server = await ctx.rpc.startServer(host);
    const client = await ctx.rpc.connect<typeof host>();
    await assertRejects(() => client.remote.bad(), RemoteError, "symbol");
    const sent = () => client.remote.take(() => 1, Symbol("no data"));
    await assertRejects(sent, SerializationError);
    const [side] = server.clients;
    assertEquals([tables(client), tables(side!)], [EMPTY, EMPTY]);
  },
);

withCtx({
  name: "the end of the connection releases all references on both sides",
  codecs,
}, async (ctx) => {
  const { remote, client, side, seen } = await startHost(ctx);
  await remote.keep((value) => value);
  const add = await remote.adder(1);
  await remote.remember((value) => value);
  assertEquals(client.stats().references, 1);
  assertEquals(side.stats().references, 1);
  await client.close();
  await side.closed;
  assertEquals([tables(client), tables(side)], [EMPTY, EMPTY]);
  await assertRejects(() => add(1), ConnectionClosedError);
  const late = seen() as (value: number) => Promise<number>;
  await assertRejects(() => late(1), ConnectionClosedError);
  add[Symbol.dispose]();
});

withCtx({
  name: "a function passed again while it is held is the same reference",
  codecs,
}, async (ctx) => {
  const { remote, client } = await startHost(ctx);
  const fn = (value: number) => value;
  await remote.keep(fn);
  await Promise.all([remote.run(fn, 1), remote.run(fn, 2)]);
  assertEquals(client.stats().references, 1);
  assertEquals(await remote.callKept(3), 3);
  await remote.drop();
  await remote.ping();
  assertEquals(tables(client), EMPTY);
});

withCtx(
  { name: "call tells a callback which connection it serves", codecs },
  async (ctx) => {
    const { remote, client } = await startHost(ctx);
    let address = "";
    await remote.run((value) => {
      address = call().remoteAddress;
      return value;
    }, 1);
    assertEquals(address, client.channel.remoteAddress);
  },
);
