import { assertEquals, assertThrows } from "@std/assert";
import { activationOf, EpochGuard } from "./activation.ts";
import { StaleEpochError } from "./errors.ts";

Deno.test("EpochGuard takes the newest epoch again, and none before it", () => {
  const guard = new EpochGuard(3);
  assertThrows(() => guard.check(2), StaleEpochError, "epoch 3 has begun");
  guard.check(3);
  guard.check(9);
  guard.check(9);
  assertThrows(() => guard.check(8), StaleEpochError);
  assertEquals(guard.newest, 9);
});

Deno.test("activationOf refuses what is no virtual agent", () => {
  assertThrows(() => activationOf({}), TypeError, "no agent that a node has");
});
