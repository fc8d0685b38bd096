import { writeSection } from "../checks/section.ts";
import { runDeno } from "../checks/_deno.ts";
import { ROOT } from "../checks/_project.ts";
import { formatMarkdown, formatText, type Table } from "../shared/tables.ts";
import type { Rate } from "./_compare.ts";
import type { Figure, LeftOut } from "./_figures.ts";
import { drawFigures } from "./_pictures.ts";
import type { Check } from "./_ratios.ts";
import { tableOfChecks, tableOfFigures } from "./_report.ts";
import { WORKLOADS } from "./workloads.ts";

/** Which peers were measured to find the fastest one, with one workload. */
export interface Ranking {
  readonly workload: string;
  /** The fastest one first. */
  readonly rates: readonly Rate[];
  readonly leftOut: readonly LeftOut[];
}

/** The outcome of a run. */
export interface Results {
  readonly machine: string;
  /** Processes that wanted a core when the run began, over a minute. */
  readonly load: number;
  /** How long the run took. */
  readonly minutes: number;
  /** Descriptions of the peers, with their versions, by name. */
  readonly peers: Readonly<Record<string, string>>;
  readonly command: string;
  /** Whether clients and servers had a core each. */
  readonly isPinned: boolean;
  readonly checks: readonly Check[];
  readonly rankings: readonly Ranking[];
  readonly figures: readonly Figure[];
  readonly leftOut: readonly LeftOut[];
}

/** Returns the tables of figures that have rows, with their headings. */
function tablesOf(
  { figures }: Results,
): (readonly [title: string, table: Table])[] {
  return WORKLOADS.map((workload) =>
    [workload.title, tableOfFigures(figures, workload)] as const
  ).filter(([, { length }]) => length > 1);
}

/** Returns all tables for a terminal. */
export function formatResults(results: Results): string {
  const { checks, rankings } = results;
  return [
    ...tablesOf(results)
      .map(([title, table]) => `${title}\n\n${formatText([table])}`),
    ...rankings.map(formatRanking),
    ...checks.length === 0 ? [] : [formatText([tableOfChecks(checks)])],
    ...formatLeftOut(results),
    describeRun(results),
  ].join("\n\n");
}

/** Returns a line with the peers that were measured, the fastest first. */
export function formatRanking(
  { workload, rates, leftOut }: Ranking,
): string {
  const parts = [
    ...rates.map(({ subject, rate }) =>
      `${subject} ${Math.round(rate).toLocaleString("en")}`
    ),
    ...leftOut.map(({ what, why }) => `${what} left out: ${why}`),
  ];
  return `Peers, ${workload}, a second: ${parts.join(", ")}`;
}

function formatLeftOut({ leftOut }: Results): string[] {
  if (leftOut.length === 0) return [];
  return [
    "Left out:",
    leftOut.map(({ what, why }) => `- ${what}: ${why}`).join("\n"),
  ];
}

function describeRun(
  { machine, command, isPinned, load, minutes }: Results,
): string {
  const cores = isPinned
    ? "clients and servers had a core each"
    : "client and server could share a core";
  return `Taken by \`${command}\` in ${minutes} minutes on ${machine}; ${cores}; ` +
    `the load before it was ${load.toFixed(1)}.`;
}

/** The figures of all workloads, beside the guide. */
const PAGE = "performance_tables.md";

/** Writes tables and pictures into the guide, and all figures beside it. */
export async function writeResults(results: Results): Promise<void> {
  const pictures = drawFigures(results.figures);
  for (const { file, svg } of pictures) {
    await Deno.writeTextFile(`${ROOT}/docs/${file}`, svg);
  }
  await Deno.writeTextFile(
    `${ROOT}/docs/performance.json`,
    JSON.stringify(results, null, 1) + "\n",
  );
  await writePage(results);
  await writeSection(
    "performance.md",
    "bench --write",
    [
      describeRun(results),
      formatMarkdown([tableOfChecks(results.checks)]),
      ...pictures.map(({ title, file }) => `![${title}](${file})`),
    ].join("\n\n"),
  );
}

async function writePage(results: Results): Promise<void> {
  const path = `${ROOT}/docs/${PAGE}`;
  const parts = [
    "# All figures of the benchmarks",
    "Written by `deno task bench --write` from [performance.json](performance.json); " +
    "[Performance](performance.md) says how they are taken and what they mean.",
    describeRun(results),
    "## Peers",
    Object.entries(results.peers).map(([name, what]) =>
      `- \`${name}\`: ${what}`
    )
      .join("\n"),
    ...results.rankings.map(formatRanking),
    ...tablesOf(results).map(([title, table]) =>
      `## ${title}\n\n${formatMarkdown([table])}`
    ),
    ...formatLeftOut(results),
  ];
  await Deno.writeTextFile(path, parts.join("\n\n") + "\n");
  await runDeno(["fmt", "--quiet", path]);
}
