import { assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "@std/testing/time";
import { testEngine } from "../../testing/engine_suite/engine_suite.ts";
import { until } from "../fixtures/until.ts";
import { EngineError } from "./errors.ts";
import { memoryEngine } from "./memory_engine.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("memoryEngine shares entries and messages with those beside it", async () => {
  await using one = await memoryEngine();
  await using other = await memoryEngine(one);
  const { promise, resolve } = Promise.withResolvers<Uint8Array>();
  await other.subscribe("news", resolve);
  one.publish("news", bytes("ohai"));
  assertEquals(text(await promise), "ohai");
  const revision = await one.put("a.b", bytes("cya"));
  assertEquals(await other.get("a.b"), {
    key: "a.b",
    value: bytes("cya"),
    revision,
  });
});

Deno.test("memoryEngine shares nothing with another one", async () => {
  await using one = await memoryEngine();
  await using other = await memoryEngine();
  await one.put("a", bytes("b"));
  assertEquals(await other.get("a"), null);
});

Deno.test("memoryEngine keeps entries until the last one is disposed of", async () => {
  await using other = await (async () => {
    await using one = await memoryEngine();
    await one.put("a", bytes("b"));
    return await memoryEngine(one);
  })();
  assertEquals(text((await other.get("a"))!.value), "b");
});

Deno.test("memoryEngine refuses to be beside one that is disposed of", async () => {
  const one = await memoryEngine();
  await one[Symbol.asyncDispose]();
  await one[Symbol.asyncDispose]();
  await assertRejects(() => memoryEngine(one), TypeError);
  await assertRejects(() => one.get("a"), EngineError);
});

Deno.test("memoryEngine ends leases by the time of a test, an hour at once", async () => {
  using time = new FakeTime();
  await using engine = await memoryEngine();
  const told: string[] = [];
  await engine.watch(
    "",
    (change) =>
      told.push(change.kind === "put" ? change.entry.key : `-${change.key}`),
  );
  await engine.put("a", bytes("1"), { leaseMs: 3_600_000 });
  await engine.put("b", bytes("1"), { leaseMs: 3_600_001 });
  await engine.put("c", bytes("1"));
  time.tick(3_600_000);
  assertEquals(await engine.get("a"), null);
  assertEquals(text((await engine.get("b"))!.value), "1");
  time.tick(1);
  await until(() => told.length === 5);
  assertEquals(told, ["a", "b", "c", "-a", "-b"]);
});

testEngine("memoryEngine", async () => {
  const first = await memoryEngine();
  return {
    open: () => memoryEngine(first),
    dispose: () => first[Symbol.asyncDispose](),
  };
}, {
  skip: {
    cut: "nothing comes between engines of one process",
    difference: "nothing comes between engines of one process",
  },
});
