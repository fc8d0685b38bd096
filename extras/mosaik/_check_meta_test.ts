import { assertEquals, assertThrows } from "@std/assert";
import { checkedMeta } from "./_check_meta.ts";
import type { Meta } from "./meta.ts";

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
