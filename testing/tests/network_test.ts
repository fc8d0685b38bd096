import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ConnectionClosedError, TimeoutError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { openConnection, startServer } from "../../channel/deno.ts";
import { Agent } from "../../agent/agent.ts";
import { until } from "../../agent/fixtures/until.ts";
import { expose } from "../../rpc/service/expose.ts";
import { service } from "../../rpc/service/service.ts";
import type { Ctx } from "../ctx_contract.ts";
import { withCtx } from "../ctx.ts";
import { StepTimeoutError } from "../errors.ts";
import { failureOf, runCase } from "../fixtures/fake_runner.ts";
import { echo, ignoreAll } from "../fixtures/handlers.ts";
import { readLengths } from "../fixtures/raw_reader.ts";
import { resolveSeed } from "../step/_plan.ts";
import { planSteps } from "../step/_plan.ts";
import { nextTurn } from "../fixtures/next_turn.ts";

/** Measures an echo, in milliseconds. */
async function echoMs(
  channel: { send(content: unknown): Promise<unknown> },
): Promise<number> {
  const start = performance.now();
  assertEquals(await channel.send("hi"), "hi");
  return performance.now() - start;
}

/** Waits for some turns, in which a forbidden effect could happen. */
async function someTurns(): Promise<void> {
  for (let turn = 0; turn < 30; turn++) await nextTurn();
}

withCtx(
  { name: "Network carries what is sent, unchanged", codecs },
  async (ctx) => {
    const { network } = ctx;
    const channel = await ctx.startServerAndConnect(echo);
    const content = { text: "x".repeat(1_000_000), list: [1, 2, 3] };
    assertEquals(await channel.send(content), content);
    assertEquals(network.stats(), {
      connections: 1,
      heldBytes: 0,
      lostBytes: 0,
    });
  },
);

withCtx(
  "Network stands in a server's address, and nowhere else",
  async (ctx) => {
    ctx.network;
    const seen: string[] = [];
    const server = await ctx.startServer((channel) => {
      seen.push(channel.localAddress, channel.remoteAddress);
    });
    const channel = await ctx.connect();
    await until(() => seen.length > 0);
    assertEquals(seen, [server.address, channel.localAddress]);
    assertEquals(channel.remoteAddress, server.address);
  },
);

withCtx("Network.delay keeps each way under way for its time", async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  const fault = network.delay({ delayMs: 20 });
  assert(await echoMs(channel) >= 40);
  fault[Symbol.dispose]();
  network.delay({ delayMs: 30, towards: "server" });
  network.delay({ delayMs: 30, towards: "server" });
  assert(await echoMs(channel) >= 60);
});

withCtx("Network.delay with jitter keeps the order", async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  network.delay({ delayMs: 0, jitterMs: 5 });
  const order: unknown[] = [];
  const calls: Promise<unknown>[] = [];
  for (let n = 0; n < 30; n++) {
    calls.push(channel.send(n).then((reply) => order.push(reply)));
    await nextTurn();
  }
  await Promise.all(calls);
  assertEquals(order, Array.from({ length: 30 }, (_, n) => n));
});

withCtx("Network.bandwidth carries no more than so much", async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  using _fault = network.bandwidth({
    bytesPerSecond: 100_000,
    towards: "server",
  });
  const start = performance.now();
  await channel.send("x".repeat(20_000));
  // Nothing waits for the last part, which counts once it has left.
  assert(performance.now() - start >= 185);
});

withCtx("Network.pieces cuts everything in small pieces", async (ctx) => {
  const { network } = ctx;
  const { address } = await ctx.startServer(echo);
  network.pieces({ towards: "client" });
  const content = "x".repeat(2_000);
  const bytes = 4 + JSON.stringify([1, 0, content]).length;
  const lengths = await readLengths(address, content, bytes);
  assert(lengths.length > 30, `${lengths.length} pieces`);
});

withCtx(
  "Network.hold stops everything, and release lets it go on",
  async (ctx) => {
    const { network } = ctx;
    const seen: unknown[] = [];
    const channel = await ctx.startServerAndConnect(async (channel) => {
      for await (const request of channel) {
        seen.push(request.content);
        await request.reply(request.content);
      }
    });
    network.hold({ towards: "server" });
    const calls = [1, 2, 3].map((it) => channel.send(it));
    await until(() => network.stats().heldBytes > 0);
    await someTurns();
    assertEquals(seen, []);
    network.release();
    assertEquals(await Promise.all(calls), [1, 2, 3]);
    assertEquals(seen, [1, 2, 3]);
    network.hold({ towards: "client" });
    const late = channel.send(4);
    await until(() => seen.length === 4 && network.stats().heldBytes > 0);
    network.heal();
    assertEquals(await late, 4);
  },
);

withCtx({
  name: "Network stands below TLS, whose certificates come through",
  transports: ["tls"],
}, async (ctx) => {
  const { network } = ctx;
  const peers: (string | null)[] = [];
  const server = await ctx.startServer((channel) => {
    peers.push(channel.peerName);
    return echo(channel);
  });
  const channel = await ctx.connect();
  network.pieces({ maxBytes: 100 });
  assertEquals(await channel.send("x".repeat(2_000)), "x".repeat(2_000));
  assertEquals([channel.peerName, ...peers], ["ctx", "ctx"]);
  network.hold();
  const call = channel.send("hi");
  await until(() => network.stats().heldBytes > 0);
  network.release();
  assertEquals(await call, "hi");
  network.partition({ of: channel });
  await using other = await openConnection(server.address, ctx.options);
  assertEquals(await other.send("ho"), "ho");
  network.heal();
  assertEquals(network.reset({ of: channel }), 1);
  await channel.closed;
});

withCtx("Network.hold keeps the news of an end back", async (ctx) => {
  const { network } = ctx;
  const server = await ctx.startServer(echo);
  const channel = await ctx.connect();
  network.hold({ towards: "server" });
  await channel.close({ graceMs: 0 });
  await someTurns();
  assertEquals(server.channels.size, 1);
  network.release();
  await until(() => server.channels.size === 0);
});

withCtx("Network.blackHole loses what is sent, for good", async (ctx) => {
  const { network } = ctx;
  let handled = 0;
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) {
      handled++;
      await request.reply(request.content);
    }
  });
  const ask = () => channel.send("hi", { timeoutMs: 20 });
  const hole = network.blackHole({ towards: "server" });
  const { sent } = await assertRejects(ask, TimeoutError);
  assertEquals([handled, sent], [0, true]);
  assert(network.stats().lostBytes > 0);
  hole[Symbol.dispose]();
  await assertRejects(ask, TimeoutError);
  const fresh = await ctx.connect();
  assertEquals(await fresh.send("hi"), "hi");
  network.blackHole({ towards: "client", of: fresh });
  await assertRejects(() => fresh.send(1, { timeoutMs: 20 }), TimeoutError);
  await until(() => handled === 2);
});

withCtx(
  "Network.partition cuts off who is chosen until it heals",
  async (ctx) => {
    const { network } = ctx;
    await ctx.startServer(echo);
    const [cutOff, other] = [await ctx.connect(), await ctx.connect()];
    const partition = network.partition({ of: cutOff });
    const call = cutOff.send("hi");
    assertEquals(await other.send("ho"), "ho");
    await until(() => network.stats().heldBytes > 0);
    partition[Symbol.dispose]();
    assertEquals(await call, "hi");
  },
);

withCtx("Network.partition lets attempts to connect wait", async (ctx) => {
  const { network } = ctx;
  const one = await ctx.startServer(echo);
  await ctx.startServer(echo);
  network.partition({ of: one });
  await ctx.connect();
  const giveUp = new AbortController();
  const open = (signal?: AbortSignal) =>
    openConnection(one.address, { ...ctx.options, signal });
  const givenUp = assertRejects(() => open(giveUp.signal), Error, "enough");
  let isOpen = false;
  const opening = open().then((channel) => {
    isOpen = true;
    return channel;
  });
  await someTurns();
  giveUp.abort(new Error("enough"));
  await givenUp;
  assertEquals(isOpen, false);
  network.heal();
  await using channel = await opening;
  assertEquals(await channel.send("hi"), "hi");
});

withCtx("Network.reset breaks off what is open now", async (ctx) => {
  const { network } = ctx;
  const server = await ctx.startServer(ignoreAll);
  const [first, second] = [await ctx.connect(), await ctx.connect()];
  const call = assertRejects(() => first.send("hi"), ConnectionClosedError);
  assertEquals(network.reset({ of: first }), 1);
  await call;
  await until(() => server.channels.size === 1);
  assertEquals(network.reset({ of: server }), 1);
  await second.closed;
  assertEquals(network.reset(), 0);
  assertEquals(network.stats().connections, 0);
});

withCtx(
  "Network.halfOpen lets one side believe in the connection",
  async (ctx) => {
    const { network } = ctx;
    const server = await ctx.startServer(echo);
    const believer = await ctx.connect();
    assertEquals(network.halfOpen({ openAt: "client" }), 1);
    await until(() => server.channels.size === 0);
    await assertRejects(
      () => believer.send("hi", { timeoutMs: 20 }),
      TimeoutError,
    );
    assertEquals(believer.stats().queuedBytes, 0);
    await believer.close({ graceMs: 0 });

    const leaver = await ctx.connect();
    network.halfOpen({ openAt: "server", of: leaver });
    await leaver.closed;
    await someTurns();
    assertEquals(server.channels.size, 1);
  },
);

withCtx("Network.heal ends all faults at once", async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  network.hold();
  network.pieces();
  network.partition();
  network.bandwidth({ bytesPerSecond: 1 });
  network.heal();
  assertEquals(await channel.send("x".repeat(5_000)), "x".repeat(5_000));
});

withCtx(
  "Network leads servers by hand, at the same address again",
  async (ctx) => {
    const { network } = ctx;
    const first = await startServer(ctx.address, echo, ctx.options);
    const { address } = first;
    await first.close();
    await using _second = await startServer(address, echo, ctx.options);
    await using channel = await openConnection(address, ctx.options);
    assertEquals(await channel.send("hi"), "hi");
    assertEquals(network.reset(), 1);
    await channel.closed;
  },
);

class Point extends Agent {
  @expose
  ping(): string {
    return "pong";
  }
}

withCtx(
  "Network tells containers apart, and agents' addresses lead through it",
  async (ctx) => {
    const { network } = ctx;
    const [a, b, c] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const [pointB, pointC] = [await b.spawn(Point), await c.spawn(Point)];
    const toB = await a.connect<Point>(pointB.address);
    const toC = await a.connect<Point>(pointC.address);
    assertEquals([await toB.ping(), await toC.ping()], ["pong", "pong"]);
    network.partition({ between: [a, b] });
    const held = toB.ping();
    assertEquals(await toC.ping(), "pong");
    const fromC = await c.connect<Point>(pointB.address);
    assertEquals(await fromC.ping(), "pong");
    assert(network.stats().heldBytes > 0);
    network.heal();
    assertEquals(await held, "pong");
    assertEquals(network.reset({ between: [c, b] }), 1);
    await until(() => c.stats().connections === 0 && b.stats().clients === 1);
    // A container that is cut off cannot even connect.
    network.partition({ of: c });
    const connecting = c.connect<Point>(pointB.address);
    await someTurns();
    assertEquals([b.stats().clients, c.stats().connections], [1, 0]);
    network.heal();
    assertEquals(await (await connecting).ping(), "pong");
  },
);

withCtx("Network refuses what it cannot do", async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  assertThrows(() => network.delay({ delayMs: -1 }), RangeError, "'delayMs'");
  assertThrows(() => network.delay({ delayMs: 1, jitterMs: NaN }), RangeError);
  assertThrows(() => network.bandwidth({ bytesPerSecond: 0 }), RangeError);
  assertThrows(() => network.pieces({ maxBytes: 0.5 }), RangeError);
  assertThrows(() => network.hold({ of: {} }), TypeError, "'Object'");
  assertThrows(() => network.reset({ between: [channel, {}] }), TypeError);
});

Deno.test("Ctx.network is refused when a server leads around it already", async () => {
  const starts: ((ctx: Ctx) => unknown)[] = [
    (ctx) => ctx.startServer(echo),
    (ctx) => ctx.createContainer(),
    (ctx) => ctx.rpc.startServer(service({ ping: () => "pong" })),
    (ctx) => ctx.address,
  ];
  for (const start of starts) {
    const failure = await failureOf(async (ctx) => {
      await start(ctx);
      ctx.network;
    });
    assertInstanceOf(failure, TypeError);
    assertStringIncludes(failure.message, "read it first");
  }
});

async function lengthsWith(seed: number): Promise<number[]> {
  let lengths: number[] = [];
  const { steps: [step] } = await runCase(async (ctx) => {
    const { network } = ctx;
    assertEquals(network.seed, seed);
    const { address } = await ctx.startServer(echo);
    network.pieces({ maxBytes: 100 });
    const content = "x".repeat(2_000);
    const bytes = 4 + JSON.stringify([1, 0, content]).length;
    lengths = await readLengths(address, content, bytes);
  }, { steps: planSteps({ transports: ["memory"], seed }) });
  assertEquals(step!.error, null);
  return lengths;
}

Deno.test("Network draws the same from the same seed", async () => {
  const lengths = await lengthsWith(5);
  assertEquals(await lengthsWith(5), lengths);
  assertNotEquals(await lengthsWith(6), lengths);
});

Deno.test("runTestCase prints the seed of a network that a failed step used", async () => {
  const steps = planSteps({ transports: ["memory"], seed: 77 });
  const used = await runCase((ctx) => {
    ctx.network;
    throw new Error("of the body");
  }, { steps });
  assertStringIncludes(used.printed.join("\n"), "DENOMAS_SEED=77");
  const unused = await runCase(() => {
    throw new Error("of the body");
  }, { steps });
  assertEquals(unused.printed, []);
});

Deno.test("planSteps takes a seed within its range", () => {
  const seedOf = (seed?: number) => planSteps({ seed })[0]!.seed;
  assertEquals(seedOf(4_294_967_295), 4_294_967_295);
  for (const seed of [-1, 1.5, NaN, 2 ** 32]) {
    assertThrows(() => seedOf(seed), RangeError, "seed");
  }
  assert(Number.isInteger(seedOf()));
});

// The environment is shared with all test files that run at the same time.
Deno.test("resolveSeed takes a seed, that of the environment, or another one", () => {
  assertEquals(resolveSeed(3, "12"), 3);
  assertEquals(resolveSeed(undefined, "12"), 12);
  assertThrows(() => resolveSeed(undefined, "twelve"), RangeError, "NaN");
  assertNotEquals(resolveSeed(undefined, ""), resolveSeed(undefined, ""));
});

Deno.test("runStep ends a step whose network holds, and leaves nothing", async () => {
  for (const transport of ["tcp", "unix", "memory"] as const) {
    const { steps: [step] } = await runCase(async (ctx) => {
      const { network } = ctx;
      const channel = await ctx.startServerAndConnect(echo);
      network.hold();
      await assertRejects(() => channel.send("hi"), ConnectionClosedError);
    }, { steps: planSteps({ transports: [transport] }), timeoutMs: 50 });
    assertInstanceOf(step!.error, StepTimeoutError);
  }
});
