import { assertEquals, assertThrows } from "@std/assert";
import {
  checkedNextStep,
  checkEntities,
  checkOutputs,
} from "./_check_results.ts";
import type { Meta, SimulatorType } from "./meta.ts";

const model = { public: true, params: [], attrs: [] };
const models: Meta["models"] = { A: model, B: model };

function check(entities: unknown, num: number, known = new Set<string>()) {
  checkEntities(entities, { num, model: "A" }, models, known);
  return known;
}

Deno.test("checkEntities knows all entities, children as well", () => {
  const child = { eid: "b", type: "B" };
  const known = check([{ eid: "a", type: "A", children: [child] }], 1);
  assertEquals(known, new Set(["a", "b"]));
  check([], 0, known);
});

Deno.test("checkEntities refuses what was not asked for, and says why", () => {
  const a = { eid: "a", type: "A" };
  const refused: [unknown, number, string][] = [
    [undefined, 1, "'undefined'"],
    [[a], 2, "entities is '1'"],
    [[a, { ...a, eid: "b" }], 1, "entities is '2'"],
    [[null], 1, "null is no entity"],
    [[{ type: "A" }], 1, "no entity"],
    [[{ eid: "a", type: "C" }], 1, "'C'"],
    [[{ eid: "a", type: "toString" }], 1, "'toString'"],
    [[{ eid: "a", type: "B" }], 1, "'B'"],
    [[{ eid: "time", type: "A" }], 1, "'time'"],
    [[a, a], 2, "twice"],
    [[{ ...a, children: [a] }], 1, "twice"],
    [[{ ...a, children: {} }], 1, "'children'"],
    [[{ eid: "old", type: "A" }], 1, "twice"],
  ];
  for (const [entities, num, why] of refused) {
    const known = new Set(["old"]);
    assertThrows(() => check(entities, num, known), TypeError, why);
    assertEquals(known, new Set(["old"]));
  }
});

Deno.test("checkedNextStep takes a later integer, and nothing if allowed", () => {
  assertEquals(checkedNextStep(6, 5, "time-based"), 6);
  for (const type of ["event-based", "hybrid"] as SimulatorType[]) {
    assertEquals(checkedNextStep(undefined, 5, type), null);
    assertEquals(checkedNextStep(null, 5, type), null);
  }
  for (const next of [null, undefined, 6.5, NaN, "6", 6n, true]) {
    assertThrows(() => checkedNextStep(next, 5, "time-based"), TypeError);
  }
  for (const next of [5, 4, -1]) {
    assertThrows(() => checkedNextStep(next, 5, "hybrid"), RangeError);
  }
});

Deno.test("checkOutputs takes values by entity, with a time or not", () => {
  const asked = { e: ["a"] };
  checkOutputs({ e: { a: 1 } }, asked, 5, "time-based");
  checkOutputs({}, asked, 5, "event-based");
  checkOutputs({ time: 5 }, asked, 5, "hybrid");
  checkOutputs({ time: undefined }, asked, 5, "hybrid");
});

Deno.test("checkOutputs refuses what mosaik cannot use, and says why", () => {
  const asked = { e: ["a", "toString"] };
  const refused: [unknown, SimulatorType, string][] = [
    [undefined, "hybrid", "'undefined'"],
    [[], "hybrid", "a list"],
    [{ e: 1 }, "hybrid", "'e'"],
    [{ time: 5.5 }, "hybrid", "'5.5'"],
    [{}, "time-based", "'a' of entity 'e'"],
    [{ e: { a: 1 } }, "time-based", "'toString' of entity 'e'"],
  ];
  for (const [outputs, type, why] of refused) {
    assertThrows(() => checkOutputs(outputs, asked, 5, type), TypeError, why);
  }
  assertThrows(() => checkOutputs({ time: 4 }, asked, 5, "hybrid"), RangeError);
});
