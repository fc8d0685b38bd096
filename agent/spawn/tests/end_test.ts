import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { ConnectionClosedError } from "../../../channel/errors.ts";
import {
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import { withCtx } from "../../../testing/ctx.ts";
import { parseAddress } from "../../../transports/address.ts";
import { ConnectError } from "../../../transports/errors.ts";
import { startProcess } from "../../../transports/fixtures/start_process.ts";
import { AgentNotFoundError } from "../../../rpc/errors.ts";
import type { Worm } from "../../fixtures/spawned.ts";
import { processGone } from "../../fixtures/process_gone.ts";
import { fixture, KINDS, spawnIn } from "../../fixtures/spawning.ts";
import type { SpawnedContainer } from "../spawned_container.ts";

const options = { transports: ["tcp", "unix"], timeoutMs: 60_000 } as const;

/**
 * Returns whether the file of a Unix socket exists; false for other addresses.
 */
async function hasFile(address: string): Promise<boolean> {
  const parsed = parseAddress(address);
  if (!("path" in parsed)) return false;
  return await Deno.lstat(parsed.path).then(() => true, () => false);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Kills the container as a crash would. */
async function crash(
  spawned: SpawnedContainer,
  worm: { crash(): Promise<void> },
): Promise<void> {
  if (spawned.pid !== undefined) Deno.kill(spawned.pid, "SIGKILL");
  else await worm.crash().catch(() => {});
}

for (const kind of KINDS) {
  withCtx({
    ...options,
    name: `a ${kind} that closes its own container ends with code 0`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawned = await spawnIn(ctx, parent, kind);
    const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
    const waiting = worm.wait().catch((it) => it);
    const { address } = spawned;
    const watched = parent.watch(`${address}/0`);
    await worm.greet("whom it still answers");
    await worm.stop();
    assertEquals(await spawned.closed, {
      by: "peer",
      code: "closed",
      message: "it closed its own container",
      exitCode: 0,
    });
    assertInstanceOf(await waiting, ConnectionClosedError);
    assertEquals((await watched).address, `${address}/0`);
    assertEquals(await hasFile(address), false);
    await assertRejects(() => worm.greet("x"), ConnectError);
    await assertRejects(
      () => spawned.spawn("spawned:Worm", "x"),
      ConnectionClosedError,
      "it closed its own container",
    );
    await assertRejects(() => parent.connect(`${address}/0`), ConnectError);
    await spawned.close();
  });

  withCtx({
    ...options,
    name: `close ends a ${kind} with code 0, and can be repeated`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawned = await spawnIn(ctx, parent, kind);
    await Promise.all([spawned.close(), spawned.close()]);
    assertEquals(await spawned.closed, {
      by: "local",
      code: "closed",
      message: "this side closed it",
      exitCode: 0,
    });
    assertEquals(await hasFile(spawned.address), false);
  });

  withCtx({
    ...options,
    name: `close ends a ${kind} that hangs, soon after its grace`,
  }, async (ctx) => {
    const parent = await ctx.createContainer({ heartbeatMs: Infinity });
    for (const graceMs of [0, 20]) {
      const spawned = await spawnIn(ctx, parent, kind);
      const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
      // Deno cannot end a Worker that hangs forever.
      await worm.block(kind === "process" ? null : 1_500);
      const waiting = worm.greet("x").catch((it) => it);
      const patient = spawned.close({ graceMs: Infinity });
      await spawned.close({ graceMs });
      await patient;
      assertEquals((await spawned.closed).by, "local");
      assertInstanceOf(await waiting, ConnectionClosedError);
      assertEquals(await hasFile(spawned.address), false);
    }
  });

  withCtx({
    ...options,
    name: `closing the parent's container ends the ${kind} that it spawned`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawned = await spawnIn(ctx, parent, kind);
    await parent.close();
    assertEquals((await spawned.closed).by, "local");
    assertEquals((await spawned.closed).exitCode, 0);
    assertEquals(await hasFile(spawned.address), false);
  });

  withCtx({
    ...options,
    name: `an error that nobody catches ends a ${kind}, and is told`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const lines: string[] = [];
    const spawned = await spawnIn(ctx, parent, kind, {
      onLog: (line) => lines.push(line),
    });
    const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
    await worm.crash();
    assertEquals(await spawned.closed, {
      by: "error",
      code: "ended",
      message: "it ended with code 1",
      exitCode: 1,
    });
    assert(
      lines.some((it) => /error: Uncaught.*crashed/.test(it)),
      lines.join(),
    );
    assertEquals(await hasFile(spawned.address), false);
  });

  withCtx({
    ...options,
    name: `a ${kind} that dies at any of 20 points leaves nothing`,
  }, async (ctx) => {
    // Cut at different points on each of the two transports.
    const random = seededRandom(ctx.transport === "tcp" ? 20 : 21);
    const parent = await ctx.createContainer();
    for (let point = 0; point < 10; point++) {
      const spawned = await spawnIn(ctx, parent, kind);
      const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
      const address = `${spawned.address}/0`;
      const gone = parent.watch(address);
      const calls: Promise<unknown>[] = [];
      for (let i = 0; i < 20; i++) {
        const which = randomInteger(random, 0, 3);
        if (which === 0) calls.push(worm.wait());
        else if (which === 1) {
          calls.push(worm.greet("x".repeat(randomInteger(random, 1, 9_999))));
        } else calls.push(spawned.spawn("spawned:Worm", "more"));
      }
      const settled = Promise.allSettled(calls);
      const turns = randomInteger(random, 0, 30);
      for (let i = 0; i < turns; i++) await turn();
      await crash(spawned, worm);
      const { by, exitCode } = await spawned.closed;
      assertEquals([by, exitCode], ["error", kind === "process" ? 137 : 1]);
      assertEquals((await gone).address, address);
      for (const result of await settled) {
        if (result.status === "fulfilled") continue;
        const { reason } = result;
        assert(
          reason instanceof ConnectionClosedError ||
            // Connecting to a spawned agent has failed.
            reason instanceof ConnectError ||
            reason instanceof AgentNotFoundError,
          String(reason),
        );
      }
      assertEquals(await hasFile(spawned.address), false);
      const { connections, watches } = parent.stats();
      assertEquals([connections, watches], [0, 0]);
    }
  });
}

withCtx({
  ...options,
  name: "a process that leaves its parent and goes on is ended",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const spawned = await spawnIn(ctx, parent, "process", {
    modules: { spawned_hostile: fixture("spawned_hostile.ts") },
    env: { HOSTILE_MODE: "leaves" },
    permissions: { env: true },
  });
  const { by, code } = await spawned.closed;
  assertEquals([by, code], ["error", "lost"]);
  assertEquals(await hasFile(spawned.address), false);
});

withCtx({
  ...options,
  name: "a process whose own subprocess goes on is gone without that",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const spawned = await spawnIn(ctx, parent, "process", {
    permissions: { run: ["sleep"] },
  });
  const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
  const pid = await worm.startSleeper();
  try {
    await spawned.close();
    assertEquals((await spawned.closed).exitCode, 0);
  } finally {
    Deno.kill(pid, "SIGKILL");
  }
});

withCtx({
  ...options,
  name: "a process leaves it to its parent to end it by Ctrl+C",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const spawned = await spawnIn(ctx, parent, "process");
  const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
  Deno.kill(spawned.pid!, "SIGINT");
  assertEquals(await worm.greet("you"), "w greets you");
  await spawned.close();
  assertEquals((await spawned.closed).exitCode, 0);
});

withCtx({
  ...options,
  name: "an address can be used again when its process has died",
  transports: ["unix"],
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const { address } = ctx;
  for (let i = 0; i < 2; i++) {
    const spawned = await spawnIn(ctx, parent, "process", { address });
    const worm = await spawned.spawn<Worm>("spawned:Worm", "w");
    assertEquals(await worm.greet("x"), "w greets x");
    await crash(spawned, worm);
    await spawned.closed;
  }
});

withCtx({
  ...options,
  name: "a process ends when its parent is killed",
}, async (ctx) => {
  const script = new URL("../../fixtures/spawning_parent.ts", import.meta.url);
  await using parent = await startProcess(
    script.href,
    ctx.address,
    fixture("spawned.ts"),
  );
  const [, pid, address] = parent.line.split(" ") as [string, string, string];
  const other = await ctx.createContainer();
  assertEquals((await other.watch(`${address}/0`)).scope, "agent");
  await parent.kill();
  await processGone(Number(pid));
  assertEquals(await hasFile(address), false);
  assertEquals((await other.watch(`${address}/0`)).scope, "container");
});

withCtx({
  ...options,
  name: "a process that is loading its modules ends when its parent is killed",
}, async (ctx) => {
  const script = new URL("../../fixtures/spawning_parent.ts", import.meta.url);
  await using parent = await startProcess(
    script.href,
    ctx.address,
    fixture("spawned_hanging.ts"),
  );
  const [what, pid] = parent.line.split(" ");
  assertEquals(what, "hanging");
  await parent.kill();
  await processGone(Number(pid));
});
