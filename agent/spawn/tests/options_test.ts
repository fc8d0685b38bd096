import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ConnectionClosedError, RemoteError } from "../../../channel/errors.ts";
import { withCtx } from "../../../testing/ctx.ts";
import type { ContainerOptions } from "../../container_options.ts";
import { SpawnError } from "../../errors.ts";
import {
  codec,
  type Reader,
  type Witness,
} from "../../fixtures/spawned_options.ts";
import { fixture, KINDS, spawnIn } from "../../fixtures/spawning.ts";
import type { PlainOptions, SpawnOptions } from "../contract.ts";
import { internalsOf } from "../../_container_internals.ts";
import { PLAIN_OPTIONS } from "../contract.ts";

const options = { transports: ["tcp", "unix"], timeoutMs: 60_000 } as const;

const modules = { it: fixture("spawned_options.ts") };

const PLAIN: PlainOptions = {
  authenticateMs: 4_000,
  concurrent: true,
  extensions: true,
  heartbeatMs: Infinity,
  limits: { frames: { maxBytes: 20_000 }, queues: { slowPeerMs: Infinity } },
  maskErrors: false,
  maxReferences: 7,
  maxWatches: 11,
  mode: 0o660,
  sendStacks: true,
  streamWindow: { items: 3, bytes: 4_096 },
  timeoutMs: 9_000,
};

Deno.test("spawnContainer takes every option of a container that can cross to a process", () => {
  // A new option of containers belongs in `PLAIN_OPTIONS` or `NAMED_OPTIONS`.
  type Left = Exclude<
    keyof ContainerOptions,
    keyof SpawnOptions
  >;
  const none: [Left] extends [never] ? true : Left = true;
  assertEquals(none, true);
});

for (const kind of KINDS) {
  withCtx({
    ...options,
    name: `a ${kind} has the plain options of its parent, or its own`,
  }, async (ctx) => {
    const parent = await ctx.createContainer(PLAIN);
    const { options: given } = internalsOf(parent).context;
    const like = await spawnIn(ctx, parent, kind, { modules });
    const witness = await like.spawn<Witness>("it:Witness");
    const plain = Object.fromEntries(
      PLAIN_OPTIONS.map((it) => [it, given[it]]),
    );
    assertEquals(await witness.plain(), plain);

    const own = { ...PLAIN, maxReferences: 8, limits: {} };
    const unlike = await spawnIn(ctx, parent, kind, { modules, ...own });
    const other = await unlike.spawn<Witness>("it:Witness");
    assertEquals(await other.plain(), { ...plain, ...own });
  });

  withCtx({
    ...options,
    name: `a ${kind} that takes smaller frames than its parent names the limit`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const limits = { frames: { maxBytes: 10_000 } };
    const named = Promise.withResolvers<void>();
    const spawned = await spawnIn(ctx, parent, kind, {
      modules,
      limits,
      onLog: (line) => {
        if (line.includes("raise the limit for frames")) named.resolve();
      },
    });
    const witness = await spawned.spawn<Witness>("it:Witness");
    assertEquals(await witness.measure("x".repeat(5_000)), 5_000);
    await assertRejects(
      () => witness.measure("x".repeat(50_000)),
      ConnectionClosedError,
    );
    await named.promise;
  });

  withCtx({
    ...options,
    name:
      `a ${kind} loads middleware, handlers of errors and a store from its modules`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawned = await spawnIn(ctx, parent, kind, {
      modules,
      middleware: "it:middleware",
      onError: "it:onError",
      onMethodError: "it:onMethodError",
      store: "it:store",
    });
    const witness = await spawned.spawn<Witness>("it:Witness");
    await assertRejects(() => witness.fail());
    await witness.keep();
    assertEquals(await witness.reported() as unknown, ["served", [
      "onError: Error: of a task",
      "onMethodError: Error: of a method",
      "save Witness/0",
    ]]);
  });

  withCtx({
    ...options,
    name: `a ${kind} loads the codec of its parent from its modules`,
  }, async (ctx) => {
    const parent = await ctx.createContainer({ codec });
    await assertRejects(
      () => spawnIn(ctx, parent, kind, { modules }),
      TypeError,
      "in 'codec'",
    );
    const spawned = await spawnIn(ctx, parent, kind, {
      modules,
      codec: "it:codec",
    });
    const witness = await spawned.spawn<Witness>("it:Witness");
    assertEquals(await witness.measure("four"), 4);
    const other = await ctx.createContainer();
    await assertRejects(
      () => spawnIn(ctx, other, kind, { modules, codec: "it:codec" }),
      SpawnError,
      "the parent's is",
    );
  });

  withCtx({
    ...options,
    transports: ["tcp"],
    name: `a ${kind} does not start with an option of the wrong type`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    for (
      const [option, text] of [
        ["middleware", "export an object"],
        ["codec", "is a function, export an object"],
        ["transports", "export a list"],
        ["onError", "exports no 'missing'"],
      ] as const
    ) {
      const name = option === "onError" ? "it:missing" : "it:Reader";
      await assertRejects(
        () => spawnIn(ctx, parent, kind, { modules, [option]: name }),
        SpawnError,
        text,
      );
    }
    await assertRejects(
      () => spawnIn(ctx, parent, kind, { modules, onError: "it:codec" }),
      SpawnError,
      "export a function",
    );
  });
}

for (const kind of KINDS) {
  withCtx({
    ...options,
    name: `a ${kind} loads its transports from its modules, but not with TLS`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const told: string[] = [];
    for (const transports of [undefined, "it:transports"]) {
      const more = { modules, transports };
      const spawned = await spawnIn(ctx, parent, kind, more);
      const witness = await spawned.spawn<Witness>("it:Witness");
      told.push(await witness.connect("nowhere://at-all/0"));
    }
    assertStringIncludes(told[0]!, "add one to 'transports'");
    assertStringIncludes(told[1]!, "Cannot get there");
    await assertRejects(
      () =>
        spawnIn(ctx, parent, kind, { transports: "it:transports", tls: {} }),
      TypeError,
      "both 'transports' and TLS",
    );
  });
}

withCtx({
  ...options,
  transports: ["tcp"],
  name: "the start time-out of a Worker begins when its files are loaded",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const spawning = spawnIn(ctx, parent, "worker", {
    modules,
    startTimeoutMs: 2_000,
  });
  // Simulates Deno's type check: it takes longer than the start may.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_100);
  await (await spawning).spawn<Witness>("it:Witness");
});

withCtx({
  ...options,
  transports: ["tcp"],
  name: "a process without a permission names the option that grants it",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const option = "'permissions: { read: […] }' of spawnContainer";
  const code = "Deno.readTextFileSync('/etc/hostname')";
  const atStart = await assertRejects(
    () =>
      spawnIn(ctx, parent, "process", {
        modules: { reader: `data:text/javascript,${code}` },
      }),
    SpawnError,
  );
  assertStringIncludes(atStart.message, option);

  const spawned = await spawnIn(ctx, parent, "process", { modules });
  await spawned.spawn<Reader>("it:Reader");
  const inHook = await assertRejects(
    () => spawned.spawn<Reader>("it:Reader"),
    RemoteError,
    option,
  );
  assertEquals(inHook.remoteName, "NotCapable");
});
