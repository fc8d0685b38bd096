import { assertEquals, assertThrows } from "@std/assert";
import { checkedMeta } from "./_check_meta.ts";
import type { Meta, ModelDescription, SimulatorType } from "./meta.ts";

function metaWith(
  type: SimulatorType,
  model: Partial<ModelDescription> = {},
  more: Partial<Meta> = {},
): Meta {
  const whole = { public: true, params: [], attrs: ["a", "b"], ...model };
  return { type, models: { M: whole }, ...more };
}

const simulator = { reset() {}, count: 3 };

Deno.test("checkedMeta takes what mosaik takes", () => {
  const metas: Meta[] = [
    metaWith("time-based"),
    metaWith("time-based", { "non-trigger": ["a", "b"], trigger: [] }),
    metaWith("time-based", { any_inputs: true }),
    metaWith("event-based"),
    metaWith("event-based", { trigger: ["b", "a"] }),
    metaWith("event-based", { any_inputs: true, attrs: [] }),
    metaWith("hybrid"),
    metaWith("hybrid", { trigger: ["a"] }),
    metaWith("hybrid", { "non-trigger": ["a"] }),
    metaWith("hybrid", { trigger: ["a"], "non-trigger": ["b"] }),
    metaWith("hybrid", { trigger: ["z"], any_inputs: true }),
    metaWith("hybrid", { "non-persistent": ["a"] }),
    metaWith("hybrid", { persistent: ["b"], "non-persistent": ["a"] }),
    metaWith("hybrid", {}, { extra_methods: ["reset"], set_events: true }),
  ];
  for (const meta of metas) {
    assertEquals(checkedMeta(meta, simulator), { ...meta, api_version: "3.0" });
  }
});

Deno.test("checkedMeta refuses what mosaik would refuse, and says why", () => {
  const refused: [Partial<Meta> | null, string][] = [
    [null, "no object"],
    [{ type: "hybrid" }, "'models'"],
    [{ ...metaWith("hybrid"), type: "timed" as "hybrid" }, "'timed'"],
    [{ ...metaWith("hybrid"), api_version: "2.2" as "3.0" }, "'2.2'"],
    [metaWith("hybrid", { attrs: "a" as never }), "'attrs'"],
    [metaWith("hybrid", { params: undefined as never }), "'params'"],
    [metaWith("hybrid", { public: undefined as never }), "'public'"],
    [{ type: "hybrid", models: { M: null as never } }, "'M' is no object"],
    [{ type: "hybrid", models: { step: {} as never } }, "'step'"],
    [metaWith("time-based", { trigger: ["a"] }), "'trigger'"],
    [metaWith("time-based", { "non-persistent": ["a"] }), "'non-persistent'"],
    [metaWith("time-based", { persistent: ["a"] }), "'b' is in neither"],
    [metaWith("event-based", { "non-trigger": ["a"] }), "'non-trigger'"],
    [metaWith("event-based", { persistent: ["a"] }), "'persistent'"],
    [metaWith("event-based", { trigger: ["a"] }), "'b' is in neither"],
    [metaWith("hybrid", { trigger: ["c"] }), "'c'"],
    [metaWith("hybrid", { trigger: ["a"], "non-trigger": ["a", "b"] }), "both"],
    [metaWith("hybrid", { persistent: ["a"] }), "'b' is in neither"],
    [
      metaWith("hybrid", {
        any_inputs: true,
        trigger: ["a"],
        "non-trigger": ["b"],
      }),
      "'any_inputs'",
    ],
    [metaWith("hybrid", {}, { extra_methods: ["M"] }), "'M'"],
    [metaWith("hybrid", {}, { extra_methods: ["stop"] }), "'stop'"],
    [metaWith("hybrid", {}, { extra_methods: ["count"] }), "'count'"],
    [metaWith("hybrid", {}, { extra_methods: ["toString"] }), "'toString'"],
  ];
  for (const [meta, why] of refused) {
    assertThrows(() => checkedMeta(meta as Meta, simulator), TypeError, why);
  }
});
