import type { Table } from "../shared/tables.ts";
import type { Check } from "./_check.ts";
import type { Figure, Footprint } from "./_figures.ts";
import { spreadOf, type Target } from "./_pairs.ts";
import { type NamedWorkload, workloadName } from "./workloads.ts";

/** What was wanted and what was found, a row each. */
export function tableOfChecks(checks: readonly Check[]): Table {
  return [
    ["What", "found", "quartiles", "noise", "wanted", "verdict"],
    ...checks.map(({ what, unit, found, noise, target, verdict }) => [
      what,
      `${digits(found.median)} ${unit}`,
      `${digits(found.lower)}–${digits(found.upper)}`,
      `± ${digits(noise)}`,
      target === null ? "" : formatTarget(target),
      verdict ?? "",
    ]),
  ];
}

/** The figures of one workload. */
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

/** What each variant takes. */
export function tableOfFootprints(footprints: readonly Footprint[]): Table {
  return [
    [
      "Subject",
      "over",
      "bytes/call on the wire",
      "client, MiB at most",
      "server, MiB at most",
    ],
    ...footprints.map(({ variant, wireBytes, clientBytes, serverBytes }) => [
      `\`${variant.subject}\``,
      variant.transport,
      wireBytes === null ? "–" : digits(wireBytes),
      mib(clientBytes),
      serverBytes === null ? "–" : mib(serverBytes),
    ]),
  ];
}

function formatTarget(target: Target): string {
  return "atMost" in target
    ? `at most ${digits(target.atMost)}`
    : `at least ${digits(target.atLeast)}`;
}

/** Three digits of what is small, all that stand before the point otherwise. */
function digits(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return String(Number(value.toPrecision(3)));
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

/** How many targets were met, and how many not. */
export function summarizeTargets(checks: readonly Check[]): string {
  const verdicts = checks.flatMap(({ verdict }) => verdict ?? []);
  const counts = Map.groupBy(verdicts, (verdict) => verdict);
  const parts = [...counts].map(([verdict, { length }]) =>
    `${length} ${verdict}`
  );
  return `Targets: ${parts.join(", ") || "none"}`;
}
