import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { openConnection } from "../../rpc/deno.ts";
import type { Router } from "../../rpc/service/service.ts";
import { withCtx } from "../../testing/ctx.ts";
import { testEngine } from "../../testing/engine_suite/engine_suite.ts";
import { parseAgentAddress } from "../address.ts";
import { Container } from "../container.ts";
import type { ContainerOptions } from "../container_options.ts";
import { dateSerializer } from "../date_serializer.ts";
import { until } from "../fixtures/until.ts";
import { memoryStore } from "../state/store.ts";
import { containerEngine } from "./container_engine.ts";
import type { Engine } from "./engine.ts";
import { EngineAgent } from "./engine_agent.ts";
import { EngineError } from "./errors.ts";
import { CutTransport } from "./fixtures/cut_transport.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

testEngine("containerEngine", async () => {
  const container = await Container.create("tcp://127.0.0.1:0");
  const { address } = await container.spawn(EngineAgent);
  const transport = new CutTransport(address);
  const options = {
    transports: [transport],
    timeoutMs: 3_000,
    onError: () => {},
  };
  return {
    open: () => containerEngine(address, options),
    cut: () => transport.cut(),
    dispose: () => container.close(),
  };
});

/** The agent, for calls with wrong types. */
type Untyped = Record<
  "put" | "watch" | "publish" | "subscribe",
  (...args: unknown[]) => Promise<unknown>
>;

const OPTIONS = { timeoutMs: 3_000, onError: () => {} };

/**
 * Starts an agent that holds entries, also at the address of an earlier one.
 */
async function hold(
  address = "tcp://127.0.0.1:0",
  options: ContainerOptions = {},
): Promise<{ container: Container; agent: EngineAgent }> {
  const { container: at } = address.endsWith("/engine")
    ? parseAgentAddress(address)
    : { container: address };
  const container = await Container.create(at, {
    onError: () => {},
    ...options,
  });
  return { container, agent: await container.spawn(EngineAgent) };
}

/** Writes an entry as soon as the engine can be reached. */
async function putWhenBack(engine: Engine, key: string): Promise<number> {
  for (;;) {
    try {
      return await engine.put(key, bytes("new"));
    } catch (error) {
      assertInstanceOf(error, EngineError);
    }
  }
}

Deno.test("containerEngine finds nothing, and later revisions, when its container was made anew", async () => {
  const { container, agent } = await hold();
  await using engine = await containerEngine(agent.address, OPTIONS);
  const before = await engine.put("a", bytes("old"));
  const told: string[] = [];
  await engine.watch("", ({ kind }) => told.push(kind));
  await container.close();
  await assertRejects(() => engine.get("a"), EngineError);
  const { container: next } = await hold(agent.address);
  await using _next = next;
  assert(await putWhenBack(engine, "b") > before);
  assertEquals(await engine.get("a"), null);
  await until(() => told.length >= 3);
  assertEquals(told.toSorted(), ["put", "put", "removed"]);
});

Deno.test("an EngineAgent finds what was saved, with leases that begin anew", async () => {
  const store = memoryStore();
  let isKilled = false;
  const { container, agent } = await hold(undefined, {
    store: {
      ...store,
      save: (...args) =>
        isKilled ? Promise.reject(new Error("killed")) : store.save(...args),
    },
  });
  await using engine = await containerEngine(agent.address, OPTIONS);
  const first = await engine.put("a.b", bytes("1"));
  await engine.put("gone", bytes("1"));
  await engine.remove("gone");
  const leased = await engine.put("leased", bytes("1"), { leaseMs: 1_500 });
  const told: string[] = [];
  await engine.watch(
    "",
    (change) =>
      told.push(change.kind === "put" ? change.entry.key : `-${change.key}`),
  );
  // Nothing that it saves at its end is stored.
  isKilled = true;
  await container.close();
  // The wall clock goes back, too.
  const { now } = Date;
  Date.now = () => 1_000;
  const { container: next } = await hold(agent.address, { store })
    .finally(() => Date.now = now);
  await using _next = next;
  const later = await putWhenBack(engine, "new");
  assert(later > leased, `Revision ${later} after ${leased}`);
  assertEquals((await engine.get("a.b"))?.revision, first);
  assertEquals((await engine.get("leased"))?.revision, leased);
  assertEquals(await engine.get("gone"), null);
  await until(() => told.includes("-leased"));
  assertEquals(told, ["a.b", "leased", "new", "-leased"]);
});

Deno.test("an EngineAgent ends at its next write once another one has its store", async () => {
  const store = memoryStore();
  const older = await hold(undefined, { store });
  await using _older = older.container;
  await using stale = await containerEngine(older.agent.address, OPTIONS);
  const revision = await stale.put("a", bytes("1"));
  const newer = await hold(undefined, { store });
  await using _newer = newer.container;
  await using engine = await containerEngine(newer.agent.address, OPTIONS);
  assertEquals((await engine.get("a"))?.revision, revision);
  await assertRejects(() => stale.put("a", bytes("2")), EngineError);
  assertEquals((await engine.get("a"))?.revision, revision);
  await assertRejects(() => stale.get("a"), EngineError);
});

Deno.test("an EngineAgent refuses what no engine sends, and goes on", async () => {
  const { container, agent } = await hold();
  await using _container = container;
  await using engine = await containerEngine(agent.address, OPTIONS);
  const told: string[] = [];
  await engine.subscribe("a", (message) => told.push(text(message)));
  await using client = await openConnection<{ agents: Router<EngineAgent> }>(
    container.address,
    { serializers: [dateSerializer] },
  );
  const raw = client.remote.agents.engine! as unknown as Untyped;
  const calls: (() => Promise<unknown>)[] = [
    () => raw.put("a b", "", -1, null),
    () => raw.put("__proto__.", "", -1, null),
    () => raw.put("a", "not base64", -1, null),
    () => raw.put("a", "a".repeat(800_000), -1, null),
    () => raw.put("a", "", -1, "soon"),
    () => raw.put("a", "", -1, 1),
    () => raw.put(7, "", -1, null),
    () => raw.watch("a"),
    () => raw.watch(null),
    () => raw.publish("a", "not base64"),
    () => raw.publish(">", ""),
    () => raw.subscribe("a", "no service"),
  ];
  for (const [n, call] of calls.entries()) {
    await assertRejects(call, Error, "", `Call ${n}`);
  }
  assertEquals(await raw.put("a", "", "other", null), null);
  await engine.put("a", bytes("1"));
  engine.publish("a", bytes("ohai"));
  await until(() => told.length > 0);
  assertEquals(told, ["ohai"]);
});

Deno.test("an EngineAgent holds no more for one connection than its container permits", async () => {
  const limits = { requests: { maxHeldBytes: 200_000 } };
  const { container, agent } = await hold(undefined, { limits });
  await using _container = container;
  const hostile = await containerEngine(agent.address, {
    ...OPTIONS,
    limits: { requests: { maxPending: 1_000 } },
  });
  let begun = 0;
  let failed = 0;
  await Promise.all(Array.from({ length: 40 }, async (_, n) => {
    await hostile.subscribe(`t${n}`, () => {})
      .then(() => begun++, () => failed++);
    await hostile.watch(`w${n}.`, () => {}).then(() => begun++, () => failed++);
  }));
  assert(begun > 0 && failed > 0, `${begun} began, ${failed} failed`);
  await hostile[Symbol.asyncDispose]();
  await using engine = await containerEngine(agent.address, OPTIONS);
  await engine.put("a", bytes("1"));
  assertEquals(text((await engine.get("a"))!.value), "1");
});

withCtx(
  "a container engine ends its watches without an answer",
  async (ctx) => {
    const { network } = ctx;
    const container = await ctx.createContainer();
    const { address } = await container.spawn(EngineAgent);
    const engine = await containerEngine(address, {
      ...ctx.options,
      ...{ timeoutMs: 400, onError: () => {} },
    });
    const watch = await engine.watch("a.", () => {});
    await engine.watch("b.", () => {});
    network.halfOpen({ openAt: "client" });
    await watch[Symbol.asyncDispose]();
    await engine[Symbol.asyncDispose]();
  },
);
