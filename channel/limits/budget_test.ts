import { assert, assertEquals } from "@std/assert";
import { Budget, hostBudget } from "./budget.ts";

Deno.test("Budget counts towards its parent, and gives back", () => {
  const server = new Budget(1_000);
  const one = new Budget(60, server);
  const other = new Budget(60, server);
  one.hold(50);
  other.hold(40);
  assertEquals([one.bytes, other.bytes, server.bytes], [50, 40, 90]);
  one.release(20);
  assertEquals([one.bytes, server.bytes], [30, 70]);
});

Deno.test("Budget counts nothing after its end", () => {
  const server = new Budget(1_000);
  const one = new Budget(60, server);
  one.hold(50);
  one.end();
  assertEquals([one.bytes, server.bytes], [0, 0]);
  one.release(50);
  one.hold(7);
  assertEquals([one.bytes, server.bytes], [0, 0]);
});

Deno.test("Budget names the one that would be exceeded", () => {
  const server = new Budget(100);
  const one = new Budget(30, server);
  const other = new Budget(30, server);
  one.hold(20);
  assertEquals(one.exceededBy(10), null);
  assertEquals(one.exceededBy(11), one);
  other.hold(28);
  // 52 are free, of which one connection may take half.
  assertEquals(one.exceededBy(6), null);
  assertEquals(one.exceededBy(7), server);
  assertEquals(one.exceededBy(7, 2), null);
});

Deno.test("Budget leaves a part to the next, however many take what they can", () => {
  const server = new Budget(1_000_000);
  const host = hostBudget(server);
  let free = host.limit;
  for (let taken = 1; taken <= 20; taken++) {
    const greedy = new Budget(Infinity, host);
    while (greedy.exceededBy(10) === null) greedy.hold(10);
    // Each takes memory in steps of 10 bytes.
    free = free * 2 / 3 - 10;
    assert(host.limit - host.bytes >= Math.max(free, 10));
  }
  assert(host.bytes > 499_000, `${host.bytes} bytes`);
  // Another host is not affected.
  const other = new Budget(Infinity, hostBudget(server));
  assertEquals(other.exceededBy(200_000), null);
});
