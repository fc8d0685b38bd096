import {
  assert,
  assertEquals,
  assertGreater,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { withCtx } from "../../../testing/ctx.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import { ContainerClosedError, SpawnError } from "../../errors.ts";
import {
  fixture,
  KINDS,
  spawnIn,
  spawnOptions,
} from "../../fixtures/spawning.ts";
import { spawnContainer } from "../spawn.ts";
import type { SpawnOptions } from "../contract.ts";

const options = { transports: ["tcp", "unix"], timeoutMs: 60_000 } as const;

/** Spawns a container, and returns the error. */
async function failure(
  ctx: Ctx,
  kind: SpawnOptions["kind"],
  more: Partial<SpawnOptions>,
): Promise<SpawnError> {
  const parent = await ctx.createContainer();
  const error = await assertRejects(
    () => spawnIn(ctx, parent, kind, more),
    SpawnError,
  );
  assertEquals(parent.stats().connections, 0);
  await parent.close();
  return error;
}

/** All texts of an error. */
function told({ message, stderr }: SpawnError): string {
  return [message, ...stderr].join("\n");
}

for (const kind of KINDS) {
  withCtx({
    ...options,
    name: `a ${kind} whose module is missing does not start, and says so`,
  }, async (ctx) => {
    const error = await failure(ctx, kind, {
      modules: { none: fixture("none.ts") },
    });
    assert(told(error).includes("Module not found"), told(error));
    assert(told(error).includes("none.ts"), told(error));
  });

  withCtx({
    ...options,
    name: `a ${kind} whose module has a syntax error does not start`,
  }, async (ctx) => {
    const modules = { broken: "data:text/javascript,export class {" };
    const error = await failure(ctx, kind, { modules });
    assert(/SyntaxError|Expected ident/.test(told(error)), told(error));
    // A message of several lines is shown as such.
    const typed = { typed: "data:application/typescript,export const x = ;" };
    const { message } = await failure(ctx, kind, { modules: typed });
    assert(message.includes("Expression expected"), message);
    assert(!message.includes("\\n"), message);
  });

  withCtx({
    ...options,
    name: `a ${kind} whose module throws does not start, and tells what`,
  }, async (ctx) => {
    const modules = { spawned_throwing: fixture("spawned_throwing.ts") };
    const error = await failure(ctx, kind, { modules });
    assert(told(error).includes("thrown at the top"), told(error));
    assert(error.stderr.includes("about to throw"), told(error));
  });

  withCtx({
    ...options,
    name: `a ${kind} whose address is in use does not start, and leaves it`,
  }, async (ctx) => {
    const other = await ctx.createContainer();
    const { address } = other;
    const parent = await ctx.createContainer();
    const { Worm } = await import("../../fixtures/spawned.ts");
    const worm = await parent.connect<InstanceType<typeof Worm>>(
      (await other.spawn(Worm, "w")).address,
    );
    const error = await assertRejects(
      () => spawnIn(ctx, parent, kind, { address }),
      SpawnError,
      address,
    );
    assertEquals(error.remoteName, "AddressInUseError");
    assertEquals(await worm.greet("you"), "w greets you");
  });

  withCtx({
    ...options,
    name: `a ${kind} that takes too long to start is ended`,
  }, async (ctx) => {
    const lines: string[] = [];
    const error = await failure(ctx, kind, {
      modules: { spawned_hanging: fixture("spawned_hanging.ts") },
      startTimeoutMs: 1,
      onLog: (line) => lines.push(line),
    });
    assert(error.message.includes("startTimeoutMs"), error.message);
    // Not even that the child has lost its parent.
    assertEquals(lines, []);
  });

  withCtx({
    ...options,
    name: `a signal ends the start of a ${kind}, with its reason`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const modules = { spawned_hanging: fixture("spawned_hanging.ts") };
    const reason = new Error("enough");
    const early = AbortSignal.abort(reason);
    assertStrictEquals(
      await spawnIn(ctx, parent, kind, { signal: early }).catch((it) => it),
      reason,
    );
    const controller = new AbortController();
    const { signal } = controller;
    const spawning = spawnIn(ctx, parent, kind, {
      signal,
      modules,
      onLog: () => controller.abort(reason),
    });
    assertStrictEquals(await spawning.catch((it) => it), reason);
  });

  withCtx({
    ...options,
    name: `a parent that is closed ends the start of a ${kind}`,
  }, async (ctx) => {
    const parent = await ctx.createContainer();
    const spawning = spawnIn(ctx, parent, kind, {
      modules: { spawned_hanging: fixture("spawned_hanging.ts") },
      onLog: () => parent.close(),
    });
    await assertRejects(() => spawning, ContainerClosedError, "is closed");
  });
}

withCtx({
  ...options,
  name: "a process that ends before it has started is told of, with its code",
}, async (ctx) => {
  const modules = { spawned_leaving: fixture("spawned_leaving.ts") };
  const error = await failure(ctx, "process", { modules });
  assert(error.message.includes("ended with code 7"), error.message);
});

withCtx({
  ...options,
  name: "a process that needs a permission which it has not does not start",
}, async (ctx) => {
  const modules = {
    reader: "data:text/javascript,Deno.readTextFileSync('/etc/hostname')",
  };
  const error = await failure(ctx, "process", { modules });
  assert(told(error).includes("--allow-read"), told(error));
});

withCtx({
  ...options,
  name: "a process that cannot be started as Deno refuses a flag says so",
}, async (ctx) => {
  const error = await failure(ctx, "process", { flags: ["--no-such-flag"] });
  assert(told(error).includes("--no-such-flag"), told(error));
  assertGreater(error.stderr.length, 0);
});

withCtx({
  name: "spawnContainer without permission to run programs is a SpawnError",
  transports: ["tcp"],
  permissions: { net: true, read: true, write: true, run: false, env: true },
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const error = await assertRejects(
    () => spawnContainer(parent, spawnOptions("process")),
    SpawnError,
    "--allow-run",
  );
  assert(error.cause instanceof Deno.errors.NotCapable);
});

for (const kind of KINDS) {
  withCtx({
    ...options,
    transports: ["unix"],
    name: `a ${kind} that crashes while it starts leaves no file`,
  }, async (ctx) => {
    const folder = await Deno.makeTempDir({ prefix: "spawn-crash-" });
    try {
      const parent = await ctx.createContainer();
      const code = "queueMicrotask(() => { throw new Error('too bad'); })";
      for (let attempt = 0; attempt < 3; attempt++) {
        const error = await assertRejects(
          () =>
            spawnIn(ctx, parent, kind, {
              address: `ipc://[${folder}/c]`,
              modules: { crashing: `data:text/javascript,${code}` },
            }),
          SpawnError,
        );
        assert(told(error).includes("too bad"), told(error));
      }
      assertEquals(await Array.fromAsync(Deno.readDir(folder)), []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

withCtx({
  ...options,
  transports: ["unix"],
  name: "a Worker that is ended while it makes its socket leaves no folder",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const folder = await Deno.makeTempDir({ prefix: "spawn-ended-" });
  try {
    const path = `${folder}/c`;
    // A dead socket, which cannot be replaced while the folder is locked.
    const listener = Deno.listen({ transport: "unix", path: `${path}c` });
    await Deno.link(`${path}c`, path);
    listener.close();
    using lock = await Deno.open(folder);
    await lock.lock(true);
    await assertRejects(
      () =>
        spawnIn(ctx, parent, "worker", {
          address: `ipc://[${path}]`,
          startTimeoutMs: 1_000,
        }),
      SpawnError,
      "startTimeoutMs",
    );
    const left = await Array.fromAsync(Deno.readDir(folder));
    assertEquals(left.map(({ name }) => name), ["c"]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
