import { assertEquals, assertThrows } from "@std/assert";
import type { SimulateOptions } from "./contract.ts";
import type { Chaos } from "./plan.ts";
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

Deno.test("simulate - refuses chances and faults that cannot be", () => {
  const refuses = (
    options: SimulateOptions,
    errorClass: typeof RangeError | typeof TypeError,
    message: string,
  ) =>
    assertThrows(
      () => planFor(options, { get: () => undefined }),
      errorClass,
      message,
    );
  for (const crash of [5, -0.1, NaN]) {
    refuses({ chaos: { crash } }, RangeError, `'crash' is ${crash}`);
  }
  const crush = { crush: 0.5 } as Chaos;
  refuses({ chaos: crush }, TypeError, "'crush'");
  const fault = { kind: "crash", node: "a", atMs: 20, forMs: 5 } as const;
  refuses({ untilMs: 19, faults: [fault] }, RangeError, "is 20");
  refuses({ faults: [{ ...fault, atMs: -1 }] }, RangeError, "is -1");
  refuses({ faults: [{ ...fault, atMs: 60_001 }] }, RangeError, "is 60001");
  const wrong = { ...fault, kind: "crush" as "crash" };
  refuses({ faults: [wrong] }, TypeError, "'crush'");
  const chaos: Chaos = { crash: 1, skew: 0, forMs: [1, 2], delayMs: [5, 9] };
  planFor({ untilMs: 20, chaos, faults: [fault] }, { get: () => undefined });
});

Deno.test("simulate - runs the seed and the faults of the environment as they are", () => {
  const env = { DENOMAS_SEED: "7", DENOMAS_FAULTS: "reset:a:5+0" };
  assertEquals(planWith(env), {
    ...{ untilMs: 10, seeds: [7], isShrunk: false },
    faults: [{ kind: "reset", node: "a", atMs: 5, forMs: 0 }],
  });
  assertEquals(planWith({ DENOMAS_SEED: "7", DENOMAS_FAULTS: "" }).faults, []);
});
