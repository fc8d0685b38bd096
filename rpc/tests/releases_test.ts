import { assert, assertEquals, assertRejects } from "@std/assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { openConnection, startServer } from "../deno.ts";
import { expose } from "../service/expose.ts";
import { notify } from "../options.ts";
import { Router, service } from "../service/service.ts";

/** Runs a garbage collection. A test has no other way to trigger one. */
function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

async function turn(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Returns a service with rooms that record when they are closed. */
function hotel() {
  const closed: string[] = [];
  class Room implements Disposable {
    readonly #name: string;

    constructor(name: string) {
      this.#name = name;
    }

    @expose
    title(): string {
      return this.#name;
    }

    [Symbol.dispose](): void {
      closed.push(this.#name);
    }
  }
  class Suite extends Room implements AsyncDisposable {
    async [Symbol.asyncDispose](): Promise<void> {
      await Promise.resolve();
      this[Symbol.dispose]();
    }
  }
  class Hotel {
    readonly #shared = new Room("shared");

    @expose
    readonly listed = new Room("listed");

    @expose
    open(name: string): Room {
      return new Room(name);
    }

    @expose
    shared(): Room {
      return this.#shared;
    }

    @expose
    suite(): Suite {
      return new Suite("suite");
    }

    @expose
    bar(): Room {
      return this.listed;
    }

    @expose
    async *rooms(): AsyncGenerator<Room> {
      yield await Promise.resolve(new Room("first"));
      yield new Room("second");
    }

    @expose
    maker(n: number): () => number {
      return () => n;
    }

    @expose
    async titleOf(
      room: { title(): string | Promise<string> },
    ): Promise<string> {
      return await room.title();
    }
  }
  return { served: new Hotel(), closed };
}

withCtx(
  "a returned object is disposed of when its caller releases it",
  async (ctx) => {
    const { served, closed } = hotel();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    {
      using room = await remote.open("a");
      assertEquals(await room.title(), "a");
      assertEquals(closed, []);
    }
    (await remote.suite())[Symbol.dispose]();
    for await (const room of await remote.rooms()) room[Symbol.dispose]();
    (await remote.bar())[Symbol.dispose]();
    await remote.listed.title();
    assertEquals(closed, ["a", "suite", "first", "second"]);
  },
);

withCtx(
  "a returned object is disposed of when the connection of its caller ends",
  async (ctx) => {
    const { served, closed } = hotel();
    const server = await ctx.rpc.startServer(served);
    const one = await ctx.rpc.connect<typeof served>();
    const other = await ctx.rpc.connect<typeof served>();
    await one.remote.open("a");
    await one.remote.shared();
    const kept = await other.remote.shared();
    const [first, second] = server.clients;
    await one.close();
    await first!.closed;
    await turn();
    // The other client still holds the other room.
    assertEquals(closed, ["a"]);
    (await other.remote.shared())[Symbol.dispose]();
    await other.remote.listed.title();
    assertEquals(closed, ["a"]);
    // Uses `kept`, so that it cannot be garbage-collected and released before
    // this.
    assert(String(kept) !== "");
    await other.close();
    await second!.closed;
    await turn();
    assertEquals(closed, ["a", "shared"]);
  },
);

withCtx("what a caller passes stays its own", async (ctx) => {
  const { served, closed } = hotel();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  assertEquals(await remote.titleOf(served.open("mine")), "mine");
  assertEquals(closed, []);
});

withCtx("an error of a disposal is reported, and ends nothing", async (ctx) => {
  const errors: unknown[] = [];
  class Broken implements Disposable {
    @expose
    ping(): void {}

    [Symbol.dispose](): void {
      throw new RangeError("stuck");
    }
  }
  const { remote } = await ctx.rpc.startServerAndConnect(
    service({ open: () => new Broken(), ping: () => {} }),
    { server: { onError: (error) => void errors.push(error) } },
  );
  (await remote.open())[Symbol.dispose]();
  await remote.ping();
  assertEquals(errors.map(String), ["RangeError: stuck"]);
});

// Without withCtx, which would report the forgotten reference.
Deno.test("a reference that was forgotten is released", async () => {
  const { served, closed } = hotel();
  await using server = await startServer("local://forgotten", served);
  await using client = await openConnection<typeof served>(server.address);
  using kept = await client.remote.maker(7);
  for (let n = 0; n < 100; n++) await (await client.remote.maker(n))();
  await client.remote.open("forgotten");
  const [side] = server.clients;
  for (let round = 0; round < 50; round++) {
    collectGarbage();
    await turn();
    if (side!.stats().references === 1) break;
  }
  assertEquals(side!.stats().references, 1);
  assertEquals(closed, ["forgotten"]);
  assertEquals(await kept(), 7);
});

withCtx(
  "notify() neither returns nor rejects, and tells errors if asked",
  async (ctx) => {
    const heard: string[] = [];
    const errors: unknown[] = [];
    const listener = service({
      hear: (text: string) => void heard.push(text),
      sub: service({
        fail: () => {
          throw new RangeError("no");
        },
      }),
    });
    const client = await ctx.rpc.startServerAndConnect(listener);
    const quiet = notify(client.remote);
    quiet.hear("one");
    quiet.sub.fail();
    notify(client.remote, { onError: (it) => void errors.push(it) }).sub.fail();
    await client.remote.hear("two");
    assertEquals(heard, ["one", "two"]);
    assertEquals(errors.map(String), ["RemoteError: no"]);
    await client.close();
    quiet.hear("three");
    await assertRejects(() => client.remote.hear("four"));
    assertEquals(heard.length, 2);
  },
);

withCtx("a proxy keeps few of the proxies below it", async (ctx) => {
  const rooms = new Router<object>();
  const room = service({ title: () => "a room" });
  const { remote } = await ctx.rpc.startServerAndConnect(service({ rooms }));
  const proxies: WeakRef<object>[] = [];
  for (let n = 0; n < 500; n++) {
    const name = `guest ${n}`;
    rooms.set(name, room);
    const proxy = (remote.rooms as Record<string, unknown>)[name] as {
      title(): Promise<string>;
    };
    assertEquals(await proxy.title(), "a room");
    proxies.push(new WeakRef(proxy));
    rooms.delete(name);
  }
  const kept = () => proxies.filter((it) => it.deref() !== undefined).length;
  for (let round = 0; round < 50 && kept() > 100; round++) {
    await turn();
    collectGarbage();
  }
  assert(kept() <= 100, `${kept()} are kept`);
});
