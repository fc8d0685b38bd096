import { assertEquals, assertThrows } from "@std/assert";
import {
  checkedMeta,
  checkEntities,
  checkNextStep,
  checkOutputs,
} from "./_checks.ts";
import type { Meta, SimulatorType } from "./meta.ts";

const simulator = { reset() {}, count: 3 };
const model = { public: true, params: [], attrs: ["a", "b"] };
const whole: Meta = { type: "hybrid", models: { M: model } };

Deno.test("checkedMeta takes what mosaik takes", () => {
  const metas: Meta[] = [
    whole,
    { ...whole, models: {} },
    { ...whole, models: { M: {} } },
    { ...whole, type: "time-based" },
    { ...whole, type: "event-based" },
    { ...whole, extra_methods: ["reset"], set_events: true },
  ];
  for (const meta of metas) {
    assertEquals(checkedMeta(meta, simulator), { ...meta, api_version: "3.0" });
  }
  for (const api_version of ["3", "3.0", "3.0.15"]) {
    const meta = { ...whole, api_version };
    assertEquals(checkedMeta(meta, simulator), meta);
  }
});

Deno.test("checkedMeta refuses what mosaik would not understand, and says why", () => {
  const refused: [unknown, string][] = [
    [null, "no object"],
    [{ type: "hybrid" }, "'models'"],
    [{ ...whole, type: "timed" }, "'timed'"],
    [{ ...whole, api_version: "2.2" }, "'2.2'"],
    [{ ...whole, api_version: "30" }, "'30'"],
    [{ ...whole, api_version: 3 }, "'3'"],
    [{ ...whole, models: { M: null } }, "'M' is no object"],
    [{ ...whole, extra_methods: "reset" }, "'extra_methods'"],
    [{ ...whole, extra_methods: ["count"] }, "'count'"],
    [{ ...whole, extra_methods: ["missing"] }, "'missing'"],
    [{ ...whole, extra_methods: ["toString"] }, "'toString'"],
  ];
  for (const [meta, why] of refused) {
    assertThrows(() => checkedMeta(meta as Meta, simulator), TypeError, why);
  }
});
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

Deno.test("checkNextStep takes a later integer, and nothing if allowed", () => {
  for (const next of [6, 2 ** 60]) checkNextStep(next, 5, "time-based");
  for (const type of ["event-based", "hybrid"] as SimulatorType[]) {
    for (const next of [undefined, null]) checkNextStep(next, 5, type);
  }
  for (const next of [null, undefined, 6.5, NaN, Infinity, 1e21, "6", 6n]) {
    assertThrows(() => checkNextStep(next, 5, "time-based"), TypeError);
  }
  for (const next of [5, 4, -1]) {
    assertThrows(() => checkNextStep(next, 5, "hybrid"), RangeError);
  }
});

Deno.test("checkOutputs takes values by entity, with a time or not", () => {
  for (const time of [undefined, 5, 6]) {
    checkOutputs({ e: { a: 1 }, time }, 5);
    checkOutputs({ time }, 5);
  }
  checkOutputs({ e: {} }, 5);
  checkOutputs({ e: undefined }, 5);
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
