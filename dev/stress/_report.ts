import type { Table } from "../shared/tables.ts";
import { growthBytes } from "../shared/heap.ts";
import type { Tally } from "./_tally.ts";

/** A run and its outcome. */
export interface Report {
  readonly seed: number;
  readonly seconds: number;
  readonly tally: Tally;
  /** The heap after each lap but those that warm up, in bytes. */
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
    [["Input tried", "number"], ...inputRows(tally)],
    [["Hostile frame", "number"], ...hostileKinds(tally)],
    [
      [
        "Beside hostile peers",
        "hostile frames",
        "honest calls",
        "median",
        "p99",
        "longest",
      ],
      ...hostileTargets(tally),
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
      ...tally.rows("load"),
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
      ...tally.rows("flood"),
    ],
    [
      [
        "Heavy frames",
        "of 16 MiB",
        "longest wait of others",
        "server grew by",
        "connections",
      ],
      ...tally.rows("heavy"),
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
    [
      "of these while connections were cut or processes killed",
      underFire(tally),
    ],
    ["answered", tally.count("calls answered")],
    ...tally.under("failed: ").map(
      ([name, count]) => [`failed with \`${name}\``, count] as [string, number],
    ),
    [
      "gone with their caller, whose process was killed",
      tally.count("calls gone"),
    ],
    ["lost without an error", lost(tally)],
    [
      "ran twice, all of them marked as idempotent",
      tally.count("ran twice, as idempotent ones may"),
    ],
    [
      "streams",
      tally.count("call: stream up") + tally.count("call: stream down"),
    ],
    ["clients", tally.count("clients")],
    ["clients cut off", tally.count("clients killed")],
    ["client processes killed", tally.count("client processes killed")],
    ["server processes killed", tally.count("server processes killed")],
    ["connections made again", tally.count("reconnections")],
    ["calls of a flood", tally.count("call: flood")],
  ]);
}

/** Calls that neither were answered nor failed, though their caller lived. */
export function lost(tally: Tally): number {
  const failed = tally.under("failed: ").reduce((sum, [, it]) => sum + it, 0);
  return tally.count("calls") - tally.count("calls answered") - failed -
    tally.count("calls gone");
}

function underFire(tally: Tally): number {
  const others = ["load", "flood", "beside a flood"]
    .reduce((sum, kind) => sum + tally.count(`call: ${kind}`), 0);
  return tally.count("calls") - others;
}

/** Inputs that must come through as they are. */
const RIGHT = ["frames, whole", "codec, values"];

function inputRows(tally: Tally): string[][] {
  const inputs = tally.under("input: ");
  if (inputs.length === 0) return [];
  const bad = inputs.filter(([name]) => !RIGHT.includes(name))
    .reduce((sum, [, count]) => sum + count, 0);
  return rows([...inputs, [
    `all but the right ones (${RIGHT.join("; ")})`,
    bad,
  ]]);
}

/** Hostile frames by what is wrong with them. */
function hostileKinds(tally: Tally): string[][] {
  const kinds = tally.under("hostile: ");
  if (kinds.length === 0) return [];
  return rows([...kinds, ["all", hostileFrames(tally)]]);
}

/** How many hostile frames were sent. */
export function hostileFrames(tally: Tally): number {
  return tally.under("hostile: ").reduce((sum, [, count]) => sum + count, 0);
}

/** What was attacked, and how long honest calls took meanwhile. */
function hostileTargets(tally: Tally): string[][] {
  return tally.under("hostile frames: ").map(([where, frames]) => {
    const times = tally.times(where);
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
