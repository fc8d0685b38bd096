import { assertEquals } from "@std/assert";
import { Budget } from "./budget.ts";

Deno.test("Budget counts towards its parent, and gives back", () => {
  const server = new Budget(100);
  const one = new Budget(60, server);
  const other = new Budget(60, server);
  one.hold(50);
  other.hold(40);
  assertEquals([one.bytes, other.bytes, server.bytes], [50, 40, 90]);
  one.release(20);
  assertEquals([one.bytes, server.bytes], [30, 70]);
  other.clear();
  assertEquals([other.bytes, server.bytes], [0, 30]);
});

Deno.test("Budget names the one that would be exceeded", () => {
  const server = new Budget(100);
  const one = new Budget(60, server);
  const other = new Budget(60, server);
  one.hold(60);
  assertEquals(one.exceededBy(1), one);
  assertEquals(one.exceededBy(0), null);
  assertEquals(other.exceededBy(40), null);
  assertEquals(other.exceededBy(41), server);
  assertEquals(other.exceededBy(41, 2), null);
});
