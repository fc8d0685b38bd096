import { assertEquals } from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { actAs, actAsNobody, currentOrigin } from "./_acting.ts";

const ada = { agent: "ada", turns: ["a"] };
const bob = { agent: "bob", turns: ["b"] };

Deno.test("actAs holds for all that the step starts and awaits, and for nothing else", async () => {
  const seen: unknown[] = [];
  const note = () => void seen.push(currentOrigin()?.agent ?? null);
  const { promise: go, resolve: release } = Promise.withResolvers<void>();
  const wait = async () => {
    note();
    await go;
    note();
    queueMicrotask(note);
    await Promise.resolve();
    actAsNobody(note);
    const { promise: timed, resolve: onTime } = Promise.withResolvers<void>();
    setTimeout(() => onTime(note()), 0);
    await timed;
    note();
  };
  const both = [actAs(ada, wait), actAs(bob, wait)];
  note();
  release();
  await Promise.all(both);
  assertEquals(seen.filter((it) => it === "ada").length, 5);
  assertEquals(seen.filter((it) => it === "bob").length, 5);
  assertEquals(seen.filter((it) => it === null).length, 3);
  assertEquals(currentOrigin(), null);
});

Deno.test("actAs ends with a step that throws", () => {
  try {
    actAs(ada, () => {
      throw new RangeError("no");
    });
  } catch {
    assertEquals(currentOrigin(), null);
  }
  assertEquals(actAs(bob, () => currentOrigin()), bob);
});

Deno.test("actAs and the storages of users keep each other's values", async () => {
  const storage = new AsyncLocalStorage<string>();
  const look = async () => {
    const now = () => [storage.getStore(), currentOrigin()];
    const first = now();
    await Promise.resolve();
    assertEquals(now(), first);
    return first;
  };
  const inside = () => storage.run("x", look);
  assertEquals(await actAs(ada, inside), ["x", ada]);
  assertEquals(await storage.run("x", () => actAs(ada, look)), ["x", ada]);
  const changed = () => storage.run("y", () => actAs(bob, look));
  assertEquals(await actAs(ada, changed), ["y", bob]);
  assertEquals(await actAsNobody(() => storage.run("x", look)), ["x", null]);
  assertEquals(await actAs(ada, look), [undefined, ada]);
});
