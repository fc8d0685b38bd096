import type { Table } from "../shared/tables.ts";
import { growthBytes } from "../shared/heap.ts";
import type { Counters } from "./_counters.ts";

/** The outcome of a run. */
export interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly counters: Counters;
  /** Samples of the heap, in bytes. */
  readonly heap: readonly number[];
}

/** Returns all figures as tables. */
export function tablesOf({ counters, heap }: Report): Table[] {
  return [
    [["Calls", "number"], ...callRows(counters)],
    [
      ["Fault of the network", "times"],
      ...rows(counters.under("fault: ")),
    ],

    [["Hostile frame", "number"], ...hostileKinds(counters)],
    [
      [
        "Beside hostile peers",
        "hostile frames",
        "honest calls",
        "median",
        "p99",
        "longest",
      ],
      ...hostileTargets(counters),
    ],
    [
      [
        "Load",
        "connections",
        "opened in",
        "calls",
        "calls a second",
        "median",
        "p99",
        "server's memory for each",
      ],
      ...counters.rows("load"),
    ],
    [
      [
        "Beside a flood of",
        "over",
        "refused",
        "slow calls under way",
        "median, quiet",
        "p99, quiet",
        "median, flooded",
        "p99, flooded",
        "p99, times",
      ],
      ...counters.rows("flood"),
    ],
    [
      [
        "Heavy frames",
        "of 16 MiB",
        "longest wait of others",
        "server grew by",
        "connections",
      ],
      ...counters.rows("heavy"),
    ],
    [
      ["Heap after collection", "MiB"],
      ...heap.map((bytes, index) => [`sample ${index + 1}`, mib(bytes)]),
      ["slope over all samples", mib(growthBytes(heap))],
    ],
  ].filter((table) => table.length > 1);
}

function callRows(counters: Counters): string[][] {
  return rows([
    ["made", counters.count("calls")],
    [
      "of these while connections were cut or processes killed",
      underFire(counters),
    ],
    ["answered", counters.count("calls answered")],
    ...counters.under("failed: ").map(
      ([name, count]) => [`failed with \`${name}\``, count] as [string, number],
    ),
    [
      "gone with their caller, whose process was killed",
      counters.count("calls gone"),
    ],
    ["lost without an error", lost(counters)],
    [
      "ran twice, all of them marked as idempotent",
      counters.count("ran twice, as idempotent ones may"),
    ],
    [
      "streams",
      counters.count("call: stream up") + counters.count("call: stream down"),
    ],
    ["clients", counters.count("clients")],
    ["clients cut off", counters.count("clients killed")],
    ["client processes killed", counters.count("client processes killed")],
    ["server processes killed", counters.count("server processes killed")],
    ["connections made again", counters.count("reconnections")],
    ["calls of a flood", counters.count("call: flood")],
  ]);
}

/** Returns the number of calls without an outcome whose caller stayed alive. */
export function lost(counters: Counters): number {
  const failed = counters.under("failed: ").reduce(
    (sum, [, it]) => sum + it,
    0,
  );
  return counters.count("calls") - counters.count("calls answered") - failed -
    counters.count("calls gone");
}

function underFire(counters: Counters): number {
  const others = ["load", "flood", "beside a flood"]
    .reduce((sum, kind) => sum + counters.count(`call: ${kind}`), 0);
  return counters.count("calls") - others;
}

function hostileKinds(counters: Counters): string[][] {
  const kinds = counters.under("hostile: ");
  if (kinds.length === 0) return [];
  return rows([...kinds, ["all", hostileFrames(counters)]]);
}

/** Returns the number of hostile frames. */
export function hostileFrames(counters: Counters): number {
  return counters.under("hostile: ").reduce((sum, [, count]) => sum + count, 0);
}

function hostileTargets(counters: Counters): string[][] {
  return counters.under("hostile frames: ").map(([where, frames]) => {
    const times = counters.times(where);
    return [
      where,
      frames.toLocaleString("en"),
      times.count.toLocaleString("en"),
      ...[0.5, 0.99, 1].map((share) =>
        `${times.quantile(share).toFixed(1)} ms`
      ),
    ];
  });
}

function rows(counts: readonly [string, number][]): string[][] {
  return counts.map(([name, count]) => [name, count.toLocaleString("en")]);
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(2);
}
