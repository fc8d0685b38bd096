import { assertEquals, assertThrows } from "@std/assert";
import {
  checkedNextStep,
  checkEntities,
  checkOutputs,
} from "./_check_results.ts";
import type { SimulatorType } from "./meta.ts";

Deno.test("checkEntities takes as many as were asked for, of any kind", () => {
  const entities = [{ eid: "a", type: "A", children: [] }, { eid: "a" }];
  checkEntities(entities, 2, "A");
  checkEntities([], 0, "A");
});

Deno.test("checkEntities refuses what was not asked for, and says why", () => {
  const a = { eid: "a", type: "A" };
  const refused: [unknown, number, string][] = [
    [undefined, 1, "'undefined'"],
    [{}, 1, "an object"],
    [[a], 2, "entities is '1'"],
    [[a, { ...a, eid: "b" }], 1, "entities is '2'"],
    [[a, { eid: "time", type: "A" }], 2, "'time'"],
  ];
  for (const [entities, num, why] of refused) {
    assertThrows(() => checkEntities(entities, num, "A"), TypeError, why);
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
  for (const time of [undefined, 5, 6]) {
    checkOutputs({ e: { a: 1 }, time }, 5);
    checkOutputs({ time }, 5);
  }
  checkOutputs({ e: {} }, 5);
});

Deno.test("checkOutputs refuses what mosaik cannot use, and says why", () => {
  const refused: [unknown, string][] = [
    [undefined, "'undefined'"],
    [[], "a list"],
    [{ e: 1 }, "'e'"],
    [{ time: 5.5 }, "'5.5'"],
    [{ time: null }, "null"],
  ];
  for (const [outputs, why] of refused) {
    assertThrows(() => checkOutputs(outputs, 5), TypeError, why);
  }
  assertThrows(() => checkOutputs({ time: 4 }, 5), RangeError);
});
