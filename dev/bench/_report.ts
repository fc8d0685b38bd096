import type { Table } from "../shared/tables.ts";
import type { Figure } from "./_figures.ts";
import {
  type Check,
  noiseOf,
  spreadOf,
  type Target,
  verdictOf,
} from "./_ratios.ts";
import { type NamedWorkload, workloadName } from "./workloads.ts";

/** Returns targets and measurements, one row each. */
export function tableOfChecks(checks: readonly Check[]): Table {
  return [
    ["What", "found", "quartiles", "noise", "wanted", "verdict"],
    ...checks.map((check) => {
      const { what, unit, found, target } = check;
      return [
        what,
        `${digits(found.median)} ${unit}`,
        `${digits(found.lower)}–${digits(found.upper)}`,
        `± ${digits(noiseOf(found))}`,
        target === null ? "" : formatTarget(target),
        verdictOf(check) ?? "",
      ];
    }),
  ];
}

/** Returns the table of figures for one workload. */
export function tableOfFigures(
  figures: readonly Figure[],
  { workload, unit }: NamedWorkload,
): Table {
  const own = figures.filter((it) => it.workload === workloadName(workload));
  const single = unit === "echoes" ? "echo" : unit.slice(0, -1);
  return [
    [
      "Subject",
      "over",
      `${unit}/s`,
      "±",
      ...["median", "p99", "p99.9"].map((it) => `${it}, µs`),
      `client, µs CPU/${single}`,
      `server, µs CPU/${single}`,
    ],
    ...own.map(({ variant, rate, us, clientUs, serverUs }) => [
      `\`${variant.subject}\``,
      variant.transport,
      Math.round(rate.median).toLocaleString("en"),
      `${(spreadOf(rate) / rate.median * 100).toFixed(0)} %`,
      ...us.map((it) => it === null ? "–" : digits(it)),
      digits(clientUs),
      serverUs === null ? "–" : digits(serverUs),
    ]),
  ];
}

function formatTarget(target: Target): string {
  return "atMost" in target
    ? `at most ${digits(target.atMost)}`
    : `at least ${digits(target.atLeast)}`;
}

/** Formats small numbers with three digits, larger ones without a fraction. */
function digits(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

/** Counts the verdicts, and names the missed targets. */
export function summarizeTargets(checks: readonly Check[]): string {
  const verdicts = checks.flatMap((check) => verdictOf(check) ?? []);
  const counts = Map.groupBy(verdicts, (verdict) => verdict);
  const parts = [...counts].map(([verdict, { length }]) =>
    `${length} ${verdict}`
  );
  const others = checks.flatMap((check) => {
    const verdict = verdictOf(check);
    return verdict === null || verdict === "met"
      ? []
      : [`- ${verdict}: ${check.what}`];
  });
  return [`Targets: ${parts.join(", ") || "none"}`, ...others].join("\n");
}
