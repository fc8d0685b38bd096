import { assertEquals, assertThrows } from "@std/assert";
import { planFor } from "./simulate.ts";

function planWith(env: Readonly<Record<string, string>>) {
  return planFor({ seeds: 3, untilMs: 10 }, { get: (name) => env[name] });
}

Deno.test("simulate - runs as many seeds as the option, or the environment, says", () => {
  assertEquals(planWith({}), { untilMs: 10, seeds: [1, 2, 3] });
  assertEquals(planWith({ DENOMAS_SEEDS: "2" }).seeds, [1, 2]);
  assertEquals(planWith({ DENOMAS_SEEDS: "8-10" }).seeds, [8, 9, 10]);
  for (const bad of ["many", "0", "3-2", "1.5"]) {
    assertThrows(() => planWith({ DENOMAS_SEEDS: bad }), RangeError, bad);
  }
  const get = () => undefined;
  assertThrows(() => planFor({ untilMs: 0 }, { get }), RangeError, "'untilMs'");
});

Deno.test("simulate - runs the seed and the faults of the environment as they are", () => {
  const env = { DENOMAS_SEED: "7", DENOMAS_FAULTS: "reset:a:5+0" };
  assertEquals(planWith(env), {
    ...{ untilMs: 10, seeds: [7], isShrunk: false },
    faults: [{ kind: "reset", node: "a", atMs: 5, forMs: 0 }],
  });
  assertEquals(planWith({ DENOMAS_SEED: "7", DENOMAS_FAULTS: "" }).faults, []);
});
