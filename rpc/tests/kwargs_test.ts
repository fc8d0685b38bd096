import { assertEquals, assertStrictEquals } from "@std/assert";
import { joinKwargs, kwargs, splitKwargs } from "../kwargs.ts";

Deno.test("kwargs is taken off the end of the arguments", () => {
  assertEquals(splitKwargs([1, kwargs({ b: 2 })]), {
    args: [1],
    kwargs: { b: 2 },
  });
  assertEquals(splitKwargs([1, { b: 2 }]), { args: [1, { b: 2 }], kwargs: {} });
  assertEquals(splitKwargs([]), { args: [], kwargs: {} });
});

Deno.test("kwargs anywhere else stays where it is, and cannot be sent", () => {
  const misplaced = kwargs({ b: 2 });
  const { args, kwargs: taken } = splitKwargs([misplaced, 1]);
  assertStrictEquals(args[0], misplaced);
  assertEquals(taken, {});
});

Deno.test("joinKwargs adds a last argument only if there are any", () => {
  assertEquals(joinKwargs([1], {}), [1]);
  assertEquals(joinKwargs([1], { b: 2 }), [1, { b: 2 }]);
});
