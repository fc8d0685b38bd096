import { assertEquals, assertThrows } from "@std/assert";
import { checkName, keyOf } from "./_keys.ts";

Deno.test("keyOf gives different names different keys, of the letters that keys have", () => {
  const names = ["a", "A", "a.b", "a_b", "a_2eb", "a b", "ä", "🌷", "a-b"];
  const keys = names.map((it) => keyOf("market", "node", it));
  assertEquals(new Set(keys).size, names.length);
  for (const key of keys) assertEquals(/^[\w-]+(\.[\w-]+)*$/.test(key), true);
  assertEquals(keys[2], "market.node.a_2eb");
  assertEquals(keyOf("a.b", "c") === keyOf("a", "b.c"), false);
});

Deno.test("checkName takes what can be part of an address", () => {
  for (const name of ["a", "lot-5", "Grüße", "a.b:c"]) checkName("test", name);
  for (
    const name of [
      "",
      "a b",
      "a/b",
      "$a",
      "[a",
      "a\n",
      "\u202e",
      "x".repeat(129),
    ]
  ) assertThrows(() => checkName("test", name), TypeError, "Cannot test");
});
