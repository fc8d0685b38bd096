import { assertEquals } from "@std/assert";
import { fileStore } from "../fixtures/spawned_states.ts";
import { testStore } from "../fixtures/store_suite.ts";
import { memoryStore } from "./store.ts";

testStore("memoryStore", () =>
  Promise.resolve({
    ...memoryStore(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }));

testStore("a store of files", async () => {
  const folder = await Deno.makeTempDir({ prefix: "store-" });
  return {
    ...fileStore(folder),
    [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
  };
});

Deno.test("memoryStore lets one of several saves at once succeed", async () => {
  const store = memoryStore();
  const saves = [1, 2, 3].map((it) =>
    store.save("Bank/a", new Uint8Array([it]), null)
  );
  const states = (await Promise.allSettled(saves)).map((it) => it.status);
  assertEquals(states, ["fulfilled", "rejected", "rejected"]);
  assertEquals((await store.load("Bank/a"))!.bytes, new Uint8Array([1]));
});
