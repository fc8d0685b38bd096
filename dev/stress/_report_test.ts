import {
  assert,
  assertEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { formatMarkdown, formatText } from "../shared/tables.ts";
import { parseArguments } from "./main.ts";
import { growthBytes, isRising } from "../shared/heap.ts";
import { Histogram } from "./_histogram.ts";
import { lost, tablesOf } from "./_report.ts";
import { Counters } from "./_counters.ts";

const MIB = 2 ** 20;

Deno.test("isRising sees a slope, and no outlier", () => {
  assert(isRising([10, 11, 12, 13, 14].map((it) => it * MIB)));
  assert(!isRising([10, 10, 18, 10, 10].map((it) => it * MIB)));
  assert(!isRising([14, 13, 12, 11, 10].map((it) => it * MIB)));
  assertEquals(growthBytes([1, 2, 3, 4, 5]), 4);
  assertEquals(growthBytes([]), 0);
});

Deno.test("Histogram tells quantiles to 2 %", () => {
  const histogram = new Histogram();
  assert(Number.isNaN(histogram.quantile(0.5)));
  for (let ms = 1; ms <= 1_000; ms++) histogram.add(ms);
  for (const share of [0.5, 0.99]) {
    const ratio = histogram.quantile(share) / (share * 1_000);
    assert(ratio > 0.98 && ratio < 1.03, `${ratio}`);
  }
});

Deno.test("tablesOf counts what was lost, and leaves empty tables out", () => {
  const counters = new Counters();
  counters.add("calls", 1_234);
  counters.add("calls answered", 1_200);
  counters.add("failed: TimeoutError", 33);
  assertEquals(lost(counters), 1);
  const tables = tablesOf({ seed: 1, seconds: 1, counters, heap: [MIB, MIB] });
  assertEquals(tables.length, 2);
  assertStringIncludes(formatText(tables), "1,234");
  assertStringIncludes(formatMarkdown(tables), "| answered | 1,200 |");
});

Deno.test("tablesOf counts calls under fire apart", () => {
  const counters = new Counters();
  counters.add("calls", 10);
  counters.add("calls gone", 2);
  counters.add("calls answered", 8);
  counters.add("call: once", 7);
  counters.add("call: flood", 3);
  counters.note("flood", ["tcp", "5,000"]);
  assertEquals(lost(counters), 0);
  const text = formatMarkdown(
    tablesOf({ seed: 1, seconds: 1, counters, heap: [] }),
  );
  assertStringIncludes(text, "processes killed | 7 |");
  assertStringIncludes(text, "| tcp | 5,000 |");
});

Deno.test("parseArguments reads all options, and refuses others", () => {
  const args = ["--seconds=5", "--seed=7", "--only=rpc", "--write"];
  assertEquals(parseArguments(args), {
    seconds: 5,
    seed: 7,
    only: "rpc",
    write: true,
  });
  for (const arg of ["--seconds=0", "--seed=x", "--fast", "rpc"]) {
    assertThrows(() => parseArguments([arg]), TypeError, arg);
  }
});
