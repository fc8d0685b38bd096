import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
} from "@std/assert";
import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import type { ErrorContext } from "../../channel/report.ts";
import { RemoteError } from "../../channel/errors.ts";
import { kwargs } from "../../rpc/kwargs.ts";
import { openConnection } from "../../rpc/deno.ts";
import { MethodNotFoundError } from "../../rpc/errors.ts";
import { withCtx } from "../../testing/ctx.ts";
import { LeakError } from "../../testing/errors.ts";
import { failureOf } from "../../testing/fixtures/fake_runner.ts";
import { addressOf } from "../address.ts";
import { Agent } from "../agent.ts";
import { Container } from "../container.ts";
import { ContainerClosedError, SpawnError } from "../errors.ts";
import type { LogKeeper, Worm } from "../fixtures/spawned.ts";
import { fixture, KINDS, spawnIn, spawnOptions } from "../fixtures/spawning.ts";
import { Mirror, Point, pointSerializer } from "../fixtures/spawned_point.ts";
import type { Child } from "./_child.ts";
import type { SpawnSetup } from "./_control.ts";
import { spawnContainer } from "./spawn.ts";

for (const kind of KINDS) {
  const options = {
    transports: ["tcp", "unix"],
    timeoutMs: 60_000,
  } as const;

  withCtx({
    ...options,
    name: `spawnContainer makes a container in a ${kind}, and agents in it`,
    codecs,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawned = await spawnIn(ctx, parent, kind);
    assertEquals(spawned.pid === undefined, kind === "worker");
    const ann = await spawned.spawn<Worm>("spawned:Worm", "Ann");
    assertEquals(String(ann), `WormProxy('${spawned.address}/0')`);
    assertEquals(await ann.greet("Bob"), "Ann greets Bob");
    const bob = await spawned.spawn<Worm>("spawned:Worm", "Bob");
    assertEquals(addressOf(bob), `${spawned.address}/1`);
    assertEquals(parent.stats().connections, 1);
  });

  withCtx({
    ...options,
    name: `an agent in a ${kind} calls agents of its parent's container`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const { Worm: Here } = await import("../fixtures/spawned.ts");
    const here = await parent.spawn(Here, "Ann");
    const spawned = await spawnIn(ctx, parent, kind);
    const there = await spawned.spawn<Worm>("spawned:Worm", "Bob");
    const toHere = await parent.connect<Worm>(here.address);
    assertEquals(await there.ask(toHere), "heard: Ann greets Bob");
  });

  withCtx({
    ...options,
    name:
      `spawn refuses what is not listed, exported or an agent, in a ${kind}`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawned = await spawnIn(ctx, parent, kind);
    for (
      const name of [
        "Worm",
        ":Worm",
        "spawned:",
        "other:Worm",
        fixture("spawned.ts") + ":Worm",
        "__proto__:Worm",
        "constructor:Worm",
        "spawned:Missing",
        "spawned:__proto__",
        "spawned:constructor",
        "spawned:toString",
        "spawned:Stone",
        "spawned:pebble",
        "spawned:grow",
        "spawned:Agent",
      ]
    ) {
      const error = await assertRejects(
        () => spawned.spawn(name, "x"),
        SpawnError,
        name,
      );
      assert(error.cause instanceof RemoteError);
    }
    const type = Agent as unknown as string;
    await assertRejects(() => spawned.spawn(type), TypeError, "'module:Class'");
    const thrown = await assertRejects(
      () => spawned.spawn("spawned:Worm", "bad"),
      RemoteError,
      "no such name",
    );
    assertEquals(thrown.remoteName, "RangeError");
    const good = await spawned.spawn<Worm>("spawned:Worm", "good");
    assertEquals(await good.greet("you"), "good greets you");
  });

  withCtx({
    ...options,
    name: `setTime sets the external clock of a ${kind}, and only that`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const clock = { utcStart: "2024-01-01", initTime: -1 };
    const spawned = await spawnIn(ctx, parent, kind, { clock });
    const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
    assertEquals(await worm.time(), -1);
    await spawned.setTime(3.5);
    assertEquals(await worm.time(), 3.5);
    await assertRejects(() => spawned.setTime(3.5), RemoteError, "later");
    const other = await spawnIn(ctx, parent, kind);
    await assertRejects(() => other.setTime(1), RemoteError, "ExternalClock");
  });

  withCtx({
    ...options,
    name: `a ${kind} takes calls of its agents alone from others`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const stranger = ctx.use(
      await openConnection<Child>(
        (await spawnIn(ctx, parent, kind)).address,
        ctx.options,
      ),
    );
    for (
      const call of [
        () => stranger.remote.open({} as SpawnSetup),
        () => stranger.remote.spawn("spawned:Worm", "x"),
        () => stranger.remote.setTime(1),
        () => stranger.remote.close(0),
      ]
    ) await assertRejects(call, MethodNotFoundError);
  });

  withCtx({
    ...options,
    name: `what is printed in a ${kind} is passed on line by line, to its end`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const lines: string[] = [];
    const spawned = await spawnIn(ctx, parent, kind, {
      onLog: (line, from) => lines.push(`${from}: ${line}`),
    });
    const keeper = await spawned.spawn<LogKeeper>("spawned:LogKeeper");
    await keeper.print("one\ntwo", "stdout");
    await keeper.print("three", "stderr");
    await spawned.close();
    assertEquals(lines.filter((it) => it.startsWith("stdout")), [
      "stdout: one",
      "stdout: two",
      "stdout: the last words",
    ]);
    assertEquals(lines.filter((it) => it.startsWith("stderr")), [
      "stderr: three",
    ]);
  });

  withCtx({
    ...options,
    transports: ["tcp"],
    name: `a ${kind} may print very much at once`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    let count = 0;
    let last = "";
    const code = 'for (let i = 0; i < 100_000; i++) console.log("line " + i)';
    const spawned = await spawnIn(ctx, parent, kind, {
      modules: { printing: `data:text/javascript,${encodeURIComponent(code)}` },
      onLog: (line) => {
        count++;
        last = line;
      },
    });
    await spawned.close();
    assertEquals([count, last], [100_000, "line 99999"]);
  });

  withCtx({
    ...options,
    name:
      `what onLog throws for a ${kind} is reported, and hides no other line`,
  }, async (ctx) => {
    const reported: [string, ErrorContext][] = [];
    const parent = await ctx.createContainer({
      onError: (error, context) => reported.push([String(error), context]),
    });
    const lines: string[] = [];
    const spawned = await spawnIn(ctx, parent, kind, {
      onLog: (line) => {
        lines.push(line);
        throw new Error(`not ${line}`);
      },
    });
    const keeper = await spawned.spawn<LogKeeper>("spawned:LogKeeper");
    await keeper.print("one\ntwo", "stdout");
    await spawned.close();
    assertEquals(lines, ["one", "two", "the last words"]);
    const { address } = spawned;
    assertEquals(reported, [
      ["Error: not one", { kind: "callback", address }],
      ["Error: not two", { kind: "callback", address }],
      ["Error: not the last words", { kind: "callback", address }],
    ]);
  });

  withCtx({
    ...options,
    name: `a ${kind} has the serializers that it is told of`,
  }, async (ctx) => {
    const serializers = [pointSerializer];
    const parent = await ctx.createContainer({ serializers });
    const modules = { spawned_point: fixture("spawned_point.ts") };
    await assertRejects(
      () => spawnIn(ctx, parent, kind, { modules }),
      TypeError,
      "1 serializers",
    );
    const spawned = await spawnIn(ctx, parent, kind, {
      modules,
      serializers: ["spawned_point:pointSerializer"],
    });
    const mirror = await spawned.spawn<{ flip(point: Point): Promise<Point> }>(
      "spawned_point:Mirror",
    );
    assertEquals(await mirror.flip(new Point(1, 2)), new Point(2, 1));
  });

  withCtx({
    ...options,
    name: `a closed container spawns no ${kind}`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    await parent.close();
    await assertRejects(
      () => spawnIn(ctx, parent, kind),
      ContainerClosedError,
    );
  });

  withCtx({
    ...options,
    name: `keyword arguments reach the constructor in a ${kind}`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawned = await spawnIn(ctx, parent, kind);
    const keeper = await spawned.spawn<LogKeeper>(
      "spawned:LogKeeper",
      kwargs({ lastWords: "bye" }),
    );
    assertEquals(await keeper.lastWords(), "bye");
  });

  withCtx({
    ...options,
    name: `agents and instances of classes reach the constructor in a ${kind}`,
    codecs,
  }, async (ctx) => {
    const parent = await ctx.createContainer({
      serializers: [pointSerializer],
    });
    const spawned = await spawnIn(ctx, parent, kind, {
      modules: { spawned_point: fixture("spawned_point.ts") },
      serializers: ["spawned_point:pointSerializer"],
      ...(kind === "process" && {
        permissions: { net: true, read: true, write: true },
      }),
    });
    const here = await parent.spawn(Mirror);
    const there = await spawned.spawn<Mirror>("spawned_point:Mirror");
    const point = new Point(1, 2);
    for (const other of [here, there]) {
      const mirror = await spawned.spawn<Mirror>(
        "spawned_point:Mirror",
        { other, point, date: new Date(5) },
      );
      assertEquals(await mirror.flipOwn(), [new Point(2, 1), 5]);
    }
  });
}

Deno.test("runStep names a spawned container with the one that it belongs to", async () => {
  const failure = await failureOf(async (ctx) => {
    const parent = await Container.create("tcp://127.0.0.1:0", ctx.options);
    await spawnContainer(parent, spawnOptions("worker", { onLog: () => {} }));
  });
  assertInstanceOf(failure, LeakError);
  const [leak, ...others] = failure.leaks;
  assertEquals(others, []);
  assertMatch(leak!, /^container \(tcp:.+ with .*1 process/);
});

withCtx({
  name: "a process may do no more than its container needs and it is allowed",
  transports: ["tcp", "unix"],
  timeoutMs: 60_000,
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const onlyWhatItNeeds = await spawnIn(ctx, parent, "process");
  const worm = await onlyWhatItNeeds.spawn<Worm>("spawned:Worm", "w");
  const denied = {
    env: "prompt",
    net: "prompt",
    read: "prompt",
    run: "prompt",
    sys: "prompt",
    write: "prompt",
  };
  assertEquals(await worm.permissions(), {
    ...denied,
    ...(ctx.transport === "unix" && { net: "granted" }),
  });
  const more = await spawnIn(ctx, parent, "process", {
    permissions: { env: ["HOME"], read: true, run: false },
  });
  const other = await more.spawn<Worm>("spawned:Worm", "w");
  assertEquals((await other.permissions()).read, "granted");
  assertEquals((await other.permissions()).run, "prompt");
});

withCtx(
  {
    name: "spawnContainer refuses options that cannot be had",
    transports: ["tcp"],
  },
  async (ctx) => {
    const parent = await ctx.createContainer();
    const spawn = (
      kind: "process" | "worker",
      more: Parameters<typeof spawnOptions>[1],
    ) => spawnContainer(parent, spawnOptions(kind, more));
    for (
      const [wrong, kind, more] of [
        ["memory", "process", { address: "local://here" }],
        ["parse address", "process", { address: "nowhere" }],
        ["'permissions'", "worker", { permissions: { net: true } }],
        ["'flags'", "worker", { flags: ["--v8-flags=--expose-gc"] }],
        ["'modules' is empty", "process", { modules: {} }],
        ["'modules' is empty", "process", { modules: undefined! }],
        ["as 'clock'", "process", { clock: "2024-01-01" as "system" }],
        ["import.meta.resolve", "worker", { modules: { a: "./spawned.ts" } }],
        ["comma", "process", { permissions: { read: ["/a,b"] } }],
        ["the date", "process", { clock: { utcStart: "someday" } }],
        ["startTimeoutMs", "process", { startTimeoutMs: NaN }],
      ] as const
    ) {
      const error = await assertRejects(() => spawn(kind, more), Error, wrong);
      assert(error instanceof TypeError || error instanceof RangeError);
    }
    const codec: Codec = { ...json(), name: "own" };
    const other = await ctx.createContainer({ codec });
    await assertRejects(
      () => spawnContainer(other, spawnOptions("process")),
      TypeError,
      "codec 'own'",
    );
  },
);
