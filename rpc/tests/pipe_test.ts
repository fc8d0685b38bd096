import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { RemoteError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { expose } from "../service/expose.ts";
import { withOptions } from "../options.ts";
import { pipe } from "../pipe.ts";
import { service } from "../service/service.ts";

class Profile {
  readonly #user: string;

  constructor(user: string) {
    this.#user = user;
  }

  @expose
  title(): string {
    return `Countess ${this.#user}`;
  }

  @expose
  friend(name: string): Profile {
    return new Profile(`${this.#user} and ${name}`);
  }
}

/**
 * Creates a service with results to pipe, which records the methods that run.
 */
function house() {
  const ran: string[] = [];
  const entered = Promise.withResolvers<void>();
  const served = service({
    async logIn(token: string) {
      ran.push("logIn");
      entered.resolve();
      await Promise.resolve();
      if (token !== "secret") throw new RangeError("wrong token");
      return new Profile("Ada");
    },
    data: () => ({ user: { id: 7 }, list: [1, 2] }),
    within: () => ({ profile: new Profile("Bob"), add: (a: number) => a + 1 }),
    adder: (a: number) => (b: number): number => a + b,
    greet: (title: string, times = 1) => `Hello, ${title}!`.repeat(times),
    sum: (...all: number[]) => all.reduce((a, b) => a + b, 0),
    ping: () => {},
  });
  return { served, ran };
}

withCtx({
  name: "piped calls use each other's results in one round trip",
  codecs,
}, async (ctx) => {
  const { served, ran } = house();
  const server = await ctx.rpc.startServer(served);
  const client = await ctx.rpc.connect<typeof served>();
  await client.remote.ping();
  const piped = pipe(client.remote);
  const before = client.stats().calls;
  const title = piped.logIn("secret").friend("Eve").title();
  const greeting = piped.greet(title, 2);
  // All calls were sent before any reply could arrive.
  assertEquals(client.stats().calls - before, 4);
  assertEquals(
    await greeting,
    "Hello, Countess Ada and Eve!Hello, Countess Ada and Eve!",
  );
  assertEquals(await title, "Countess Ada and Eve");
  assertEquals(ran, ["logIn"]);
  assertEquals(await piped.sum(piped.data().user.id, piped.data().list[0]!), 8);
  assertEquals(await piped.within().profile.title(), "Countess Bob");
  assertEquals(await piped.within().add(1), 2);
  assertEquals(await piped.adder(1)(2), 3);
  assertEquals((await piped.data()).list, [1, 2]);
  await client.remote.ping();
  const [side] = server.clients;
  assertEquals(side!.stats().runningCalls, 0);
});

withCtx("a result that is here already is used as it is", async (ctx) => {
  const { served, ran } = house();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  await remote.ping();
  const profile = pipe(remote).logIn("secret");
  await profile;
  await remote.ping();
  assertEquals(await profile.title(), "Countess Ada");
  assertEquals(
    await pipe(remote).greet(profile.title()),
    "Hello, Countess Ada!",
  );
  assertEquals(ran, ["logIn"]);
});

withCtx(
  "calls that use the result of a call that failed fail with its error",
  async (ctx) => {
    const { served } = house();
    const reports: unknown[] = [];
    const { remote } = await ctx.rpc.startServerAndConnect(served, {
      server: {
        maskErrors: true,
        onMethodError: (error) => void reports.push(error),
      },
    });
    await remote.ping();
    const piped = pipe(remote);
    const profile = piped.logIn("guess");
    const title = profile.title();
    const greeting = piped.greet(title);
    const ids = [];
    for (const call of [greeting, title, profile]) {
      const error = await assertRejects(async () => await call, RemoteError);
      ids.push((error.data as { id: string }).id);
    }
    assertEquals(new Set(ids).size, 1);
    assertEquals(reports.map(String), ["RangeError: wrong token"]);
    // A failed call that is not awaited does not end the process.
    piped.logIn("guess").friend("Eve");
    await remote.ping();
  },
);

withCtx(
  "piped calls wait for each other where a peer keeps no results",
  async (ctx) => {
    const { served } = house();
    await ctx.rpc.startServer(served);
    const plain = await ctx.rpc.connect<typeof served>({ extensions: false });
    const first = await ctx.rpc.connect<typeof served>();
    const other = await ctx.rpc.connect<typeof served>();
    for (const { remote } of [plain, first]) {
      const title = pipe(remote).logIn("secret").friend("Eve").title();
      assertEquals(
        await pipe(remote).greet(title),
        "Hello, Countess Ada and Eve!",
      );
      assertEquals(
        await pipe(other.remote).greet(title),
        "Hello, Countess Ada and Eve!",
      );
      assertEquals(await pipe(remote).adder(1)(2), 3);
    }
  },
);

withCtx(
  "only what was returned can be reached through a result",
  async (ctx) => {
    const { served } = house();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    await remote.ping();
    const piped = pipe(remote) as unknown as Record<
      string,
      (...args: unknown[]) => Record<string, (...args: unknown[]) => unknown>
    >;
    for (const name of ["push", "user", "constructor", "hidden"]) {
      await assertRejects(async () => await piped.data!()[name]!());
      await assertRejects(async () => await piped.logIn!("secret")[name]!());
    }
    assertThrows(() => pipe({}), TypeError);
  },
);

withCtx("a piped call that is given up never starts", async (ctx) => {
  const { served, ran } = house();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  await remote.ping();
  const controller = new AbortController();
  const { signal } = controller;
  const title = pipe(withOptions(remote, { signal })).logIn("secret").title();
  const rejected = assertRejects(async () => await title, Error, "enough");
  controller.abort(new Error("enough"));
  await rejected;
  await remote.ping();
  assert(ran.length <= 1);
});
