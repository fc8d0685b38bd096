import { assertEquals } from "@std/assert";
import { summarizeTargets, tableOfChecks, tableOfFigures } from "./_report.ts";
import { WORKLOADS } from "./workloads.ts";

const CHECKS = [
  {
    what: "channel / bare",
    unit: "× time",
    found: { median: 1.0512, lower: 1, upper: 1.1, count: 25 },
    target: { atMost: 1.1 },
  },
  {
    what: "pending call",
    unit: "B",
    found: { median: 1_234.4, lower: 1_200, upper: 1_300, count: 4 },
    target: null,
  },
];

Deno.test("tableOfChecks says what was wanted and found", () => {
  assertEquals(tableOfChecks(CHECKS).slice(1), [
    [
      "channel / bare",
      "1.05 × time",
      "1–1.1",
      "± 0.0314",
      "at most 1.1",
      "met",
    ],
    ["pending call", "1,234 B", "1,200–1,300", "± 78.5", "", ""],
  ]);
  assertEquals(summarizeTargets(CHECKS), "Targets: 1 met");
  const missed = { ...CHECKS[0]!, target: { atMost: 0.9 } };
  assertEquals(
    summarizeTargets([...CHECKS, missed]),
    "Targets: 1 met, 1 missed\n- missed: channel / bare",
  );
});

Deno.test("tableOfFigures takes the rows of its workload, and leaves gaps", () => {
  const figure = {
    variant: { subject: "rpc", transport: "memory" as const },
    rate: { median: 1_000, lower: 900, upper: 1_100, count: 3 },
    us: [12.34, null, null],
    clientUs: 5.678,
    serverUs: null,
  };
  const figures = [
    { ...figure, workload: "stream" },
    { ...figure, workload: "sequential" },
  ];
  assertEquals(tableOfFigures(figures, WORKLOADS[0]!).slice(1), [
    ["`rpc`", "memory", "1,000", "10 %", "12.3", "–", "–", "5.68", "–"],
  ]);
});
