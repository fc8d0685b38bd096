import { assertEquals, assertThrows } from "@std/assert";
import { privateSlot } from "./_private_slot.ts";

Deno.test("privateSlot keeps a value of each object, proxies and functions included", () => {
  const slot = privateSlot<number>();
  const target = () => {};
  const refuse = () => {
    throw new RangeError("no");
  };
  const traps = { get: refuse, has: refuse, getPrototypeOf: refuse };
  const objects = [{}, () => {}, [], new Proxy(target, traps)];
  for (const [index, object] of objects.entries()) {
    assertEquals(slot.get(object), undefined);
    slot.set(object, index);
  }
  assertEquals(objects.map((it) => slot.get(it)), [0, 1, 2, 3]);
  assertEquals(slot.get(target), undefined);
  for (
    const other of [undefined, null, 1, "text", Object.create(objects[0]!)]
  ) {
    assertEquals(slot.get(other), undefined);
  }
});

Deno.test("privateSlot is apart from other slots, and sets a value once", () => {
  const [one, other] = [privateSlot<string>(), privateSlot<string>()];
  const object = {};
  one.set(object, "one");
  assertEquals(other.get(object), undefined);
  assertThrows(() => one.set(object, "again"), TypeError);
  assertEquals([one.get(object), Object.keys(object)], ["one", []]);
});
