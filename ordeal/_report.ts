import type { Table } from "../tools/tables.ts";
import { growthBytes } from "./_heap.ts";
import type { Tally } from "./_tally.ts";

/** A run and its outcome. */
export interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly tally: Tally;
  /** The heap after each lap but the first, in bytes. */
  readonly heap: readonly number[];
}

/** All that a run has to tell, as tables. */
export function tablesOf({ tally, heap }: Report): Table[] {
  return [
    [["Calls", "number"], ...callRows(tally)],
    [
      ["Fault of the network", "times"],
      ...rows(tally.under("fault: ")),
    ],
    [["Input tried", "number"], ...rows(tally.under("input: "))],
    [
      [
        "Beside a flood of slow calls",
        "median, quiet",
        "p99, quiet",
        "median, flooded",
        "p99, flooded",
      ],
      ...["tcp", "unix", "memory"].flatMap((it) => floodRow(tally, it)),
    ],
    [
      ["Heap after collection", "MiB"],
      ...heap.map((bytes, index) => [`sample ${index + 1}`, mib(bytes)]),
      ["slope over all samples", mib(growthBytes(heap))],
    ],
  ].filter((table) => table.length > 1);
}

function callRows(tally: Tally): string[][] {
  return rows([
    ["made", tally.count("calls")],
    ["answered", tally.count("calls answered")],
    ...tally.under("failed: ").map(
      ([name, count]) => [`failed with \`${name}\``, count] as [string, number],
    ),
    ["lost without an error", lost(tally)],
    [
      "ran twice, all of them marked as idempotent",
      tally.count("ran twice, as idempotent ones may"),
    ],
    ["streams", tally.count("streams")],
    ["clients", tally.count("clients")],
    ["clients killed", tally.count("clients killed")],
    ["connections made again", tally.count("reconnections")],
    ["slow calls of a flood", tally.count("flood")],
  ]);
}

/** Calls that neither were answered nor failed. */
export function lost(tally: Tally): number {
  const failed = tally.under("failed: ").reduce((sum, [, it]) => sum + it, 0);
  return tally.count("calls") - tally.count("calls answered") - failed;
}

function floodRow(tally: Tally, transport: string): string[][] {
  const [quiet, flooded] = [`quiet, ${transport}`, `flooded, ${transport}`];
  if (Number.isNaN(tally.quantile(flooded, 0.5))) return [];
  return [[
    transport,
    ...[quiet, flooded].flatMap((what) =>
      [0.5, 0.99].map((share) => `${tally.quantile(what, share).toFixed(2)} ms`)
    ),
  ]];
}

function rows(counts: readonly [string, number][]): string[][] {
  return counts.map(([name, count]) => [name, count.toLocaleString("en")]);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}
