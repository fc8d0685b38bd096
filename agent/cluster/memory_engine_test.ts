import { assertEquals, assertRejects } from "@std/assert";
import type { EntryChange } from "./engine.ts";
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

Deno.test("a watch tells what is there, each change, and the end of a lease", async () => {
  await using engine = await memoryEngine();
  await engine.put("a.b", bytes("1"));
  const told: string[] = [];
  let onTold = Promise.withResolvers<void>();
  const onChange = (change: EntryChange) => {
    told.push(
      change.kind === "put"
        ? `${change.entry.key} ${text(change.entry.value)}`
        : `no ${change.key}`,
    );
    if (change.kind === "removed") onTold.resolve();
  };
  await using _watch = await engine.watch("a.", onChange);
  assertEquals(told, ["a.b 1"]);
  await engine.put("a.c", bytes("2"), { leaseMs: 1_000 });
  await onTold.promise;
  onTold = Promise.withResolvers();
  await engine.remove("a.b");
  await onTold.promise;
  assertEquals(told, ["a.b 1", "a.c 2", "no a.c", "no a.b"]);
});
