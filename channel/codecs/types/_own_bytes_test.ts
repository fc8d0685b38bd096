import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { ownBytes } from "./_own_bytes.ts";

Deno.test("ownBytes copies views that are not kept, wherever it stands", () => {
  const [kept, first, second, own] = [1, 2, 3, 4].map((fill) =>
    new Uint8Array(16).fill(fill)
  );
  const list = [kept, { a: [first, null, "text"], b: 5 }, own];
  const map = Object.fromEntries([["__proto__", second], ["list", list]]);
  assertStrictEquals(
    ownBytes(map, new Set([kept, first, second]), [kept]),
    map,
  );
  const [a, { a: [b] }, d] = map.list as [unknown, { a: unknown[] }, unknown];
  const c = Object.getOwnPropertyDescriptor(map, "__proto__")!.value;
  assertEquals([a, b, c, d], [kept, first, second, own]);
  assert(a === kept && b !== first && c !== second && d === own);
  assertStrictEquals(Object.getPrototypeOf(map), Object.prototype);
});

Deno.test("ownBytes copies bytes that are the whole value", () => {
  const view = new Uint8Array([1, 2]);
  const owned = ownBytes(view, new Set([view]), []);
  assertEquals(owned, view);
  assert(owned !== view);
  assertStrictEquals(ownBytes(view, new Set(), []), view);
});
