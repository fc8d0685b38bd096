// deno-lint-ignore-file no-console -- what is printed by default is tested
import { assert, assertEquals, assertRejects } from "@std/assert";
import { AddressInUseError } from "../../../transports/errors.ts";
import { withCtx } from "../../../testing/ctx.ts";
import { SpawnError } from "../../errors.ts";
import type { Looker } from "../../fixtures/spawned_hostile.ts";
import { Caller, type Listener } from "../../fixtures/spawned_sandbox.ts";
import {
  fixture,
  KINDS,
  spawnIn,
  spawnOptions,
} from "../../fixtures/spawning.ts";
import { serveHostile } from "../../fixtures/hostile_container.ts";
import { spawnContainer } from "../spawn.ts";
import type { SpawnOptions } from "../contract.ts";

const options = { transports: ["tcp", "unix"], timeoutMs: 60_000 } as const;

const listener = {
  modules: { spawned_sandbox: fixture("spawned_sandbox.ts") },
  authenticate: "spawned_sandbox:authenticate",
};

for (const kind of KINDS) {
  withCtx({
    ...options,
    name: `a ${kind} is shown what it was given, and nothing else`,
  }, async (ctx) => {
    for (const credentials of ["parent's", () => "parent's"]) {
      const parent = await ctx.createContainer({
        credentials,
        // Not even if an option permits all credentials.
        credentialsFor: () => true,
      });
      for (
        const [given, expected] of [
          [{ credentials: null }, "nothing"],
          [{ credentials: "child's" }, "child's"],
          [{ credentials: () => Promise.resolve("child's") }, "child's"],
          [{}, "parent's"],
        ] as const
      ) {
        const spawned = await spawnIn(ctx, parent, kind, {
          ...listener,
          ...given,
        });
        const agent = await spawned.spawn<Listener>("spawned_sandbox:Listener");
        // The records of a Worker's module live as long as the Worker.
        assertEquals((await agent.shown()).at(-1), expected);
        // A later connection shows no other credentials.
        await parent.connect(`${spawned.address}/0`);
        const all = await agent.shown();
        assertEquals(new Set(all), new Set([expected]));
        await spawned.close();
      }
    }
  });
}

for (const kind of KINDS) {
  withCtx({
    ...options,
    name: `a ${kind} calls the agents that it is told of as its modules say`,
  }, async (ctx) => {
    const parent = await ctx.createContainer({ credentials: "parent's" });
    const other = await ctx.createContainer({
      authenticate: (it) => it ?? "nothing",
    });
    const near = await parent.connect<Caller>(
      (await other.spawn(Caller)).address,
    );
    const modules = { spawned_sandbox: fixture("spawned_sandbox.ts") };
    const permissions = { net: true, read: true, write: true };
    const ask = async (more: Partial<SpawnOptions>) => {
      const spawned = await spawnIn(ctx, parent, kind, {
        modules,
        ...(kind === "process" && { permissions }),
        ...more,
      });
      const caller = await spawned.spawn<Caller>("spawned_sandbox:Caller");
      return {
        shown: await caller.shownTo(near),
        told: new Set(await caller.toldOf()),
      };
    };
    await assertRejects(() => ask({}), Error, "'allowConnect'");
    const allowConnect = "spawned_sandbox:allowConnect";
    const { shown, told } = await ask({ allowConnect });
    assertEquals(shown, "nothing");
    assertEquals(told, new Set([`${other.address}/0`]));
    const credentialsFor = "spawned_sandbox:credentialsFor";
    const both = await ask({ allowConnect, credentialsFor });
    assertEquals(both.shown, "parent's");
    await assertRejects(
      () => ask({ allowConnect: "spawned_sandbox:missing" }),
      SpawnError,
      "exports no 'missing'",
    );
  });
}

withCtx({
  ...options,
  name: "a Worker may post messages of its own",
  transports: ["tcp"],
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const code = [null, 5, {}, { kind: "report" }, { kind: "ended", code: 0 }]
    .map((it) => `postMessage(${JSON.stringify(it)});`);
  const modules = { posting: `data:text/javascript,${code.join("")}` };
  const spawned = await spawnIn(ctx, parent, "worker", { modules });
  await spawned.close();
  assertEquals((await spawned.closed).exitCode, 0);
});

withCtx({
  ...options,
  name: "what is spawned at an address that is taken changes nothing there",
}, async (ctx) => {
  const parent = await ctx.createContainer({ credentials: "parent's" });
  const spawned = await spawnIn(ctx, parent, "worker", {
    ...listener,
    credentials: null,
  });
  const { address } = spawned;
  const error = await assertRejects(
    () => spawnIn(ctx, parent, "worker", { ...listener, address }),
    SpawnError,
  );
  assertEquals(error.remoteName, AddressInUseError.name);
  const agent = await spawned.spawn<Listener>("spawned_sandbox:Listener");
  assertEquals(new Set(await agent.shown()), new Set(["nothing"]));
});

withCtx({
  name: "a sandbox does not get the key of its parent",
  transports: ["tls"],
}, async (ctx) => {
  const parent = await ctx.createContainer();
  await assertRejects(
    () => spawnIn(ctx, parent, "process", { credentials: null }),
    TypeError,
    "give it 'tls' of its own",
  );
});

function hostile(mode: string, victim = ""): Partial<SpawnOptions> {
  return {
    modules: { spawned_hostile: fixture("spawned_hostile.ts") },
    env: { HOSTILE_MODE: mode, HOSTILE_VICTIM: victim },
    permissions: { env: true },
  };
}

withCtx({
  ...options,
  name: "a process that reports another address has nobody dial it",
}, async (ctx) => {
  const parent = await ctx.createContainer({ credentials: "parent's" });
  const victim = await serveHostile(ctx, () => "Manager");
  await assertRejects(
    () => spawnIn(ctx, parent, "process", hostile("elsewhere", victim.address)),
    SpawnError,
    "Cannot connect to",
  );
  const spawned = await spawnIn(
    ctx,
    parent,
    "process",
    hostile("made elsewhere", victim.address),
  );
  await assertRejects(
    () => spawned.spawn("spawned_hostile:Looker"),
    SpawnError,
    "no id of an agent",
  );
  assertEquals([victim.hellos, victim.paths], [[], []]);
});

withCtx({
  name: "another free port is tried where one was taken, a few times",
  transports: ["tcp"],
  timeoutMs: 60_000,
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const addresses = new Set<string>();
  let starts = 0;
  const onLog = (line: string) => {
    if (line === "started") starts++;
  };
  const failing = (address: string) =>
    assertRejects(
      () =>
        spawnIn(ctx, parent, "process", {
          ...hostile("in use"),
          address,
          onLog,
        }),
      SpawnError,
    );
  for (let i = 0; i < 2; i++) {
    const { message } = await failing("tcp://127.0.0.1:0");
    addresses.add(message.split("'")[1]!);
  }
  assertEquals([starts, addresses.size], [6, 2]);
  const [chosen] = addresses;
  await failing(chosen!);
  assertEquals(starts, 7);
});

withCtx({
  name: "what is spawned at all hosts is known by the machine's name",
  transports: ["tcp"],
  timeoutMs: 60_000,
}, async (ctx) => {
  const parent = await ctx.createContainer();
  for (const kind of KINDS) {
    const address = "tcp://0.0.0.0:0";
    const spawned = await spawnIn(ctx, parent, kind, { address });
    const { hostname, port } = new URL(spawned.address);
    assertEquals([hostname, port === "0"], [Deno.hostname(), false]);
  }
});

withCtx({
  ...options,
  name: "a process that reports nonsense is given up",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  for (const mode of ["nonsense", "null"]) {
    const { message } = await assertRejects(
      () => spawnIn(ctx, parent, "process", hostile(mode)),
      SpawnError,
    );
    assert(!/\p{Cc}/u.test(message), message);
  }
  const error = await assertRejects(
    () => spawnIn(ctx, parent, "process", hostile("escapes")),
    SpawnError,
  );
  const told = `${error.message}${error.remoteName}`;
  assert(!/\p{Cc}/u.test(told) && told.length < 4_000, told);
  assert(told.includes("\\u{1b}[31m\\n"), told);
  const lines: string[] = [];
  await spawnIn(ctx, parent, "process", {
    ...hostile("odd calls"),
    onLog: (line) => lines.push(line),
  });
  assertEquals(lines, []);
  for (const mode of ["made nothing", "made below"]) {
    const spawned = await spawnIn(ctx, parent, "process", hostile(mode));
    await assertRejects(
      () => spawned.spawn("spawned_hostile:Looker"),
      SpawnError,
      "no id of an agent",
    );
  }
});

withCtx({
  ...options,
  name: "a process gets no environment variable but what it needs",
}, async (ctx) => {
  using _ = variables({
    SPAWN_TEST_SECRET: "secret",
    SPAWN_TEST_NAMED: "named",
    NPM_CONFIG_REGISTRY: "https://user:secret@registry.example/",
  });
  const parent = await ctx.createContainer();
  const modules = { spawned_hostile: fixture("spawned_hostile.ts") };
  const spawned = await spawnIn(ctx, parent, "process", {
    modules,
    permissions: { env: true },
  });
  const looker = await spawned.spawn<Looker>("spawned_hostile:Looker");
  const all = await looker.environment();
  assertEquals(JSON.stringify(all).includes("secret"), false);
  assertEquals([all.SPAWN_TEST_NAMED, all.NO_COLOR], [undefined, "1"]);
  assertEquals(all.HOME, Deno.env.get("HOME"));
  const known = await spawnIn(ctx, parent, "process", {
    modules,
    permissions: { env: ["SPAWN_TEST_*", "SPAWN_TEST_NAMED", "HOSTILE_*"] },
    env: { HOSTILE_MODE: "given" },
  });
  const other = await known.spawn<Looker>("spawned_hostile:Looker");
  assertEquals(await other.variable("SPAWN_TEST_NAMED"), "named");
  assertEquals(await other.variable("HOSTILE_MODE"), "given");
  assertEquals(await other.variable("SPAWN_TEST_SECRET"), null);
  await assertRejects(
    () => spawnContainer(parent, spawnOptions("worker", { env: {} })),
    TypeError,
    "'env'",
  );
});

/** Sets environment variables until it is disposed of. */
function variables(values: Readonly<Record<string, string>>): Disposable {
  const before = Object.keys(values).map((name) =>
    [name, Deno.env.get(name)] as const
  );
  for (const [name, value] of Object.entries(values)) Deno.env.set(name, value);
  return {
    [Symbol.dispose]() {
      for (const [name, value] of before) {
        if (value === undefined) Deno.env.delete(name);
        else Deno.env.set(name, value);
      }
    },
  };
}

withCtx({
  ...options,
  name: "spawnContainer takes times of any length, and async log functions",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  for (const startTimeoutMs of [2 ** 31, Infinity]) {
    const spawned = await spawnIn(ctx, parent, "worker", { startTimeoutMs });
    await spawned.close();
  }
  await assertRejects(() =>
    spawnIn(ctx, parent, "worker", {
      modules: { spawned_throwing: fixture("spawned_throwing.ts") },
      onLog: () => Promise.reject(new RangeError("no log")) as never,
    })
  );
  const failures = ctx.takeHandlerErrors();
  assert(failures.length > 0);
  assert(failures.every((it) => it instanceof RangeError), String(failures));
});

withCtx({
  ...options,
  name: "what is spawned prints nothing that a terminal would obey",
}, async (ctx) => {
  const parent = await ctx.createContainer();
  const printed: unknown[] = [];
  const { log } = console;
  console.log = (...args) => void printed.push(...args);
  try {
    const code = String.raw`console.log("\x1b[31mred\u202e \rdenomas: fake")`;
    const modules = { printing: `data:text/javascript,${code}` };
    const { address } = ctx;
    ctx.use(
      await spawnContainer(
        parent,
        spawnOptions("worker", { address, modules }),
      ),
    );
    assertEquals(printed.length, 1);
    const line = String(printed[0]);
    assert(line.endsWith("] \\u{1b}[31mred\\u{202e} \\rdenomas: fake"), line);
  } finally {
    console.log = log;
  }
});
