import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Container } from "../../../agent/container.ts";
import type { ContainerOptions } from "../../../agent/container_options.ts";
import { ExternalClock } from "../../../agent/clock/external_clock.ts";
import { Link } from "../../../agent/links/_link.ts";
import { Manager } from "../../../agent/spawn/manager.ts";
import { RemoteError } from "../../../channel/errors.ts";
import { openConnectionWith } from "../../../channel/open.ts";
import { AgentNotFoundError } from "../../../rpc/errors.ts";
import { kwargs } from "../../../rpc/kwargs.ts";
import type { Remote } from "../../../rpc/remote.ts";
import { sessionStarter } from "../../../rpc/internal.ts";
import { withTransports } from "../../../transports/defaults.ts";
import { ConnectError } from "../../../transports/errors.ts";
import { commonRows, type LayerSides } from "../common_rows.ts";
import {
  checkGuide,
  conformance,
  rowsWith,
  type Stage,
} from "../conformance.ts";
import { denomasProcess, looseCodec, raised, type Served } from "../support.ts";
import { Host, type HostMethods, Point, pointSerializer } from "../things.ts";
import { PLAIN } from "../values.ts";

const layer = "agents";

const sides: LayerSides = {
  layer,
  serve: async (stage, address) => {
    const there = await createThere(stage, address);
    const { address: agent } = await spawnThere(stage, there);
    return { handle: there.handle, address: agent };
  },
  open: async (stage, address, retryForMs = 0) => {
    const container = await createHere(stage);
    const remote = await container.connect<HostMethods>(address, {
      retryForMs,
    });
    return async (path, ...args) =>
      await remote[path as "echo"](...args as [unknown]);
  },
  openThere: async (stage, address) => {
    const there = stage.closing(await createThere(stage));
    return await connectThere(stage, there, address);
  },
  serveHere: async (stage, address) => {
    const container = await createHere(stage, {}, address);
    return (await container.spawn(Host)).address;
  },
};

/** The manager in aiomas. */
interface PythonManager {
  spawn(name: string, ...args: unknown[]): [HostMethods, string];
  set_time(time: number): void;
  stop(): void;
}

/**
 * Both sides have a container. The agent is in aiomas, its proxy in denomas.
 */
const toAiomas = rowsWith(layer, "aiomas", async (stage) => {
  const container = await createHere(stage);
  const there = stage.closing(await createThere(stage));
  const { address } = await spawnThere(stage, there);
  const remote = await container.connect<HostMethods>(address);
  return { container, there, address, remote };
});

/**
 * Both sides have a container. The agent is in denomas; its proxy is in aiomas,
 * under the number `on`.
 */
const toDenomas = rowsWith(layer, "denomas", async (stage) => {
  const container = await createHere(stage);
  const there = stage.closing(await createThere(stage));
  const host = await container.spawn(Host);
  const on = await connectThere(stage, there, host.address);
  const call = (path: string, ...args: unknown[]) =>
    stage.python.ask("call", { on, path, args });
  return { container, there, host, on, call };
});

async function createHere(
  stage: Stage,
  options: ContainerOptions = {},
  address: string = stage.ctx.address,
): Promise<Container> {
  return stage.ctx.use(
    await Container.create(address, {
      ...stage.ctx.options,
      codec: looseCodec(stage),
      serializers: [pointSerializer],
      ...options,
    }),
  );
}

function createThere(
  { ctx, python, codec }: Stage,
  address: string = ctx.address,
): Promise<Served> {
  return python.ask("container", { address, codec, points: true });
}

function spawnThere({ python }: Stage, { handle }: Served): Promise<Served> {
  return python.ask("agent", { container: handle });
}

function connectThere(
  { python }: Stage,
  { handle: container }: Served,
  address: string,
): Promise<number> {
  return python.ask("connect", { container, address });
}

const CALLS = "Connecting by address, and calls";
toAiomas(CALLS, async ({ remote, address }) => {
  assertEquals(String(remote), `HostProxy('${address}')`);
  assertEquals(await remote.get_address(), address);
  assertEquals(await remote.hear(PLAIN), PLAIN);
  assertEquals(await remote.echo(PLAIN), PLAIN);
});
toDenomas(CALLS, async ({ python, on, host, call }) => {
  const described = await python.ask("describe", { on });
  assertEquals(described, `HostProxy('${host.address}')`);
  assertEquals(await call("get_address"), host.address);
  assertEquals(await call("hear", PLAIN), PLAIN);
  assertEquals(await call("echo", PLAIN), PLAIN);
});

const DETAILS = "Keyword arguments, and services in services";
toAiomas(DETAILS, async ({ remote }) => {
  assertEquals(
    await remote.greet("A", kwargs({ times: 2 })),
    "Hello, A Hello, A",
  );
  assertEquals(await remote.kitchen.cook("rice"), "cooked rice");
});
toDenomas(DETAILS, async ({ python, on, call }) => {
  const args = { on, path: "greet", args: ["A"], kwargs: { times: 2 } };
  assertEquals(await python.ask("call", args), "Hello, A Hello, A");
  assertEquals(await call("kitchen/cook", "rice"), "cooked rice");
});

const MISSING = "An agent that is not there";
toAiomas(MISSING, async ({ container, there }) => {
  const connecting = container.connect(`${there.address}/7`);
  await assertRejects(() => connecting, AgentNotFoundError);
});
toDenomas(MISSING, async (stage) => {
  const { there, container } = stage;
  const connecting = connectThere(stage, there, `${container.address}/7`);
  assertEquals((await raised(connecting)).raised, "ConnectionError");
});

const COMES = "An agent that was not there, and comes";
toAiomas(COMES, async (stage) => {
  const { container, there } = stage;
  const address = `${there.address}/1`;
  await assertRejects(() => container.connect(address), AgentNotFoundError);
  await spawnThere(stage, there);
  const remote = await container.connect<HostMethods>(address);
  assertEquals(await remote.get_address(), address);
});
toDenomas(COMES, async (stage) => {
  const { container, there, python } = stage;
  const address = `${container.address}/1`;
  await raised(connectThere(stage, there, address));
  await container.spawn(Host);
  const args = { container: there.handle, address, within: 0.1 };
  assertEquals(
    (await raised(python.ask("connect", args))).raised,
    "TimeoutError",
  );
}, { not: "In aiomas all that connect after a missing agent hang." });

const REFUSED = "A container that refused, and comes";
conformance({ layer, feature: REFUSED, serves: "aiomas" }, async (stage) => {
  const container = await createHere(stage);
  const first = await createThere(stage);
  await stage.python.ask("close", { on: first.handle });
  const address = `${first.address}/0`;
  await assertRejects(() => container.connect(address), ConnectError);
  const again = stage.closing(await createThere(stage, first.address));
  await spawnThere(stage, again);
  const remote = await container.connect<HostMethods>(address);
  assertEquals(await remote.get_address(), address);
});
conformance({
  layer,
  feature: REFUSED,
  serves: "denomas",
  not: "In aiomas all that connect after a refusal hang.",
}, async (stage) => {
  const { python } = stage;
  const there = stage.closing(await createThere(stage));
  const gone = await createHere(stage);
  const { address } = await gone.spawn(Host);
  await gone.close();
  await raised(connectThere(stage, there, address));
  assertEquals(await sides.serveHere(stage, gone.address), address);
  const args = { container: there.handle, address, within: 0.1 };
  assertEquals(
    (await raised(python.ask("connect", args))).raised,
    "TimeoutError",
  );
});

const VISITS = "Addresses that are told to the other side";
toAiomas(VISITS, async ({ container, remote }) => {
  const host = await container.spawn(Host);
  assertEquals(await remote.visit(host.address, "Ada"), "Hello, Ada");
});
toDenomas(VISITS, async (stage) => {
  const { address } = await spawnThere(stage, stage.there);
  assertEquals(await stage.call("visit", address, "Ada"), "Hello, Ada");
});

const PASSED = "Agents as arguments and results";
toAiomas(PASSED, async ({ container, remote }) => {
  const host = await container.spawn(Host);
  assertEquals(await remote.ask(host, "Ada"), "Hello, Ada");
  const me = await remote.me();
  assertEquals(await me.greet("Ada"), "Hello, Ada");
});
toDenomas(PASSED, async (stage) => {
  const { python, call, there, on } = stage;
  const { handle } = await spawnThere(stage, there);
  assertEquals(await call("ask", { $own: handle }, "Ada"), "Hello, Ada");
  const me = await python.ask("take", { on, path: "me" });
  const args = { on: me, path: "greet", args: ["Ada"] };
  assertEquals(await python.ask("call", args), "Hello, Ada");
});

const THIRD = "Proxies of agents of others";
toAiomas(THIRD, async (stage) => {
  const { container, remote } = stage;
  const other = await (await createHere(stage)).spawn(Host);
  const proxy = await container.connect<HostMethods>(other.address);
  assertEquals(await remote.ask(proxy, "Ada"), "Hello, Ada");
});
toDenomas(THIRD, async (stage) => {
  const other = await (await createHere(stage)).spawn(Host);
  const proxy = await connectThere(stage, stage.there, other.address);
  const asking = stage.call("ask", { $own: proxy }, "Ada");
  assertEquals((await raised(asking)).raised, "SerializationError");
}, { not: "aiomas refuses to send a proxy." });

const DATES = "Dates";
const DAY = new Date("2026-02-28T12:30:00.250Z");
const NEXT_DAY = new Date("2026-03-01T12:30:00.250Z");
toAiomas(DATES, async ({ remote }) => {
  assertEquals(await remote.tomorrow(DAY), NEXT_DAY);
  const shown = { $date: "2026-02-28T12:30:00.250000+00:00" };
  assertEquals(await remote.hear(DAY), shown);
});
toDenomas(DATES, async ({ call }) => {
  const local = { $date: "2026-02-28T14:30:00.250000+02:00" };
  const next = { $date: "2026-03-01T12:30:00.250000+00:00" };
  assertEquals(await call("tomorrow", local), next);
  assertEquals(await call("hear", local), { $date: DAY.toISOString() });
});

const CLASSES = "Classes of your own, beside dates and agents";
toAiomas(CLASSES, async ({ container, remote }) => {
  assertEquals(await remote.move(new Point(1, 2)), new Point(2, 3));
  const host = await container.spawn(Host);
  assertEquals(await remote.hear([new Point(1, 2), host]), [
    { $point: [1, 2] },
    { $proxy: "agents/0" },
  ]);
});
toDenomas(CLASSES, async (stage) => {
  const { call, there } = stage;
  const { handle } = await spawnThere(stage, there);
  const point = { $point: [1, 2] };
  assertEquals(await call("move", point), { $point: [2, 3] });
  const heard = await call("hear", [point, { $own: handle }]);
  assertEquals(heard, [point, { $proxy: "agents/0" }]);
});

const START = "2026-01-01T00:00:00+00:00";

/** Creates a container with a manager and a clock in aiomas; connects to it. */
async function manage(stage: Stage): Promise<
  { manager: Remote<PythonManager>; managed: Served; container: Container }
> {
  const { ctx, python, codec, closing } = stage;
  const args = { address: ctx.address, codec, clock: START };
  const managed = closing(await python.ask<Served>("manage", args));
  const container = await ctx.createContainer();
  const manager = await container.connect<PythonManager>(managed.address);
  return { manager, managed, container };
}

const MANAGERS = "Managers: spawn and stop";
conformance({ layer, feature: MANAGERS, serves: "aiomas" }, async (stage) => {
  const { manager, managed, container } = await manage(stage);
  const [host, address] = await manager.spawn("things:Host");
  assertEquals(await host.get_address(), address);
  const proxy = await container.connect<HostMethods>(address);
  assertEquals(await proxy.greet("Ada"), "Hello, Ada");
  const spawning = manager.spawn("things:Nothing");
  const error = await assertRejects(() => spawning, RemoteError);
  assertEquals(error.remoteName, "AttributeError");
  await manager.stop();
  await stage.python.ask("outcome", { on: managed.handle });
});
conformance({ layer, feature: MANAGERS, serves: "denomas" }, async (stage) => {
  const { python } = stage;
  const { on, manager, there } = await manageHere(stage);
  const args = { on, path: "spawn", args: ["things:Host"] };
  const [proxy, address] = await python.ask<[unknown, string]>("call", args);
  assertEquals(proxy, { $proxy: "agents/1" });
  const host = await connectThere(stage, there, address);
  const greet = { on: host, path: "greet", args: ["Ada"] };
  assertEquals(await python.ask("call", greet), "Hello, Ada");
  const wrong = python.ask("call", { ...args, args: ["things:Nothing"] });
  assertStringIncludes((await raised(wrong)).remote!, "SpawnError: ");
  await python.ask("call", { on, path: "stop" });
  await manager.stopReceived;
});

const CLOCKS = "Managers: set_time of an external clock";
conformance({ layer, feature: CLOCKS, serves: "aiomas" }, async (stage) => {
  const { manager } = await manage(stage);
  const [host] = await manager.spawn("things:Host");
  assertEquals(await host.now(), [0, new Date(START)]);
  const sleeping = host.sleep_until(3);
  await manager.set_time(1);
  await manager.set_time(3.5);
  assertEquals(await sleeping, 3.5);
  const date = new Date("2026-01-01T00:00:03.500Z");
  assertEquals(await host.now(), [3.5, date]);
  const error = await assertRejects(
    async () => await manager.set_time(2),
    RemoteError,
  );
  assertEquals(error.remoteName, "ValueError");
});
conformance({ layer, feature: CLOCKS, serves: "denomas" }, async (stage) => {
  const { python } = stage;
  const { on, container, there } = await manageHere(stage);
  const { address } = await container.spawn(Host);
  const host = await connectThere(stage, there, address);
  const now = { on: host, path: "now" };
  assertEquals(await python.ask("call", now), [0, { $date: START }]);
  const sleep = { on: host, path: "sleep_until", args: [3] };
  const sleeping = python.ask("call", sleep);
  const setTime = (t: number) =>
    python.ask("call", { on, path: "set_time", args: [t] });
  await setTime(1);
  await setTime(3.5);
  assertEquals(await sleeping, 3.5);
  const date = { $date: "2026-01-01T00:00:03.500000+00:00" };
  assertEquals(await python.ask("call", now), [3.5, date]);
  assertStringIncludes((await raised(setTime(2))).remote!, "RangeError: ");
});

/** Creates the manager and clock in denomas, with a proxy in aiomas. */
async function manageHere(stage: Stage) {
  const clock = new ExternalClock(START);
  const container = await createHere(stage, { clock });
  const modules = { things: new URL("../things.ts", import.meta.url) };
  const manager = await container.spawn(Manager, { modules });
  const there = stage.closing(await createThere(stage));
  const on = await connectThere(stage, there, manager.address);
  return { container, manager, there, on };
}

const WATCH = "Watching an agent";
toAiomas(WATCH, async (stage) => {
  const { container, python, there } = stage;
  const gone = container.watch((await spawnThere(stage, there)).address);
  await using link = await linkTo(stage, there.address);
  const forgotten = link.watch("0", new AbortController().signal);
  await python.ask("forget", { container: there.handle, aid: "0" });
  assertEquals(await forgotten, "its container has no such agent");
  await python.ask("close", { on: there.handle });
  const { scope } = await gone;
  assertEquals(scope, "container");
});
toDenomas(WATCH, async ({ host, call }) => {
  await host.close();
  const { remote } = await raised(call("greet", "Ada"));
  assertStringIncludes(remote!, "AgentNotFoundError: ");
}, { not: "aiomas has no watch: it finds out by a call that fails." });

/** A link that asks for its agent without pauses. */
async function linkTo(stage: Stage, address: string) {
  const options = withTransports(address, stage.ctx.options);
  const start = sessionStarter(null, { ...options, isInitiator: true });
  const session = await openConnectionWith(start, address, options);
  const link = new Link(address, session, 1);
  return Object.assign(link, {
    [Symbol.asyncDispose]: () => link.close({ graceMs: 0 }),
  });
}

commonRows(sides);

const again = "The server comes back: connecting works again";
conformance({
  layer,
  feature: again,
  serves: "denomas",
  not: "aiomas keeps the dead connection for ever.",
}, async (stage) => {
  const { ctx, python } = stage;
  const there = stage.closing(await createThere(stage));
  const first = await denomasProcess(stage, layer, ctx.address);
  const address = `${first.line}/0`;
  const on = await connectThere(stage, there, address);
  await python.ask("call", { on, path: "echo", args: [1] });
  await first.kill();
  await sides.serveHere(stage, first.line);
  const again = await connectThere(stage, there, address);
  const call = python.ask("call", { on: again, path: "echo", args: [1] });
  assertEquals((await raised(call)).raised, "ConnectionResetError");
});

checkGuide(layer);
