import { writeSection } from "../checks/section.ts";
import { runDeno } from "../checks/_deno.ts";
import { ROOT } from "../checks/_project.ts";
import { formatMarkdown, formatText, type Table } from "../shared/tables.ts";
import type { Rate } from "./_compare.ts";
import type { Figure, LeftOut } from "./_figures.ts";
import { nameOf } from "./_harness.ts";
import { drawFigures } from "./_pictures.ts";
import type { Check } from "./_ratios.ts";
import { tableOfChecks, tableOfFigures } from "./_report.ts";
import { WORKLOADS } from "./workloads.ts";

/** The peers that were measured with one workload to find the fastest. */
export interface Ranking {
  readonly workload: string;
  /** The rates, fastest first. */
  readonly rates: readonly Rate[];
  readonly leftOut: readonly LeftOut[];
}

/** The outcome of one or more runs. */
export interface Results {
  readonly machine: string;
  /** The load average over one minute at the beginning of each run. */
  readonly loads: readonly number[];
  /** Descriptions of the peers, with their versions, by name. */
  readonly peers: Readonly<Record<string, string>>;
  /** Whether clients and servers each had their own core. */
  readonly isPinned: boolean;
  readonly checks: readonly Check[];
  readonly rankings: readonly Ranking[];
  readonly figures: readonly Figure[];
  readonly leftOut: readonly LeftOut[];
}

/**
 * Merges results: those in `newer` replace the same ones in `older`. The order
 * is that of `older`, with additional results at the end.
 */
export function mergeResults(older: Results, newer: Results): Results {
  return {
    ...newer,
    loads: [...older.loads, ...newer.loads],
    checks: merge(older.checks, newer.checks, nameOfCheck),
    rankings: merge(older.rankings, newer.rankings, (it) => it.workload),
    figures: merge(
      older.figures,
      newer.figures,
      ({ variant, workload }) => `${nameOf(variant)}, ${workload}`,
    ),
    leftOut: merge(older.leftOut, newer.leftOut, (it) => it.what),
  };
}

/** Removes the peer's name from a check: the fastest peer may change. */
function nameOfCheck({ what }: Check): string {
  return what.replace(/, which is [^,]+/, "");
}

function merge<T>(
  older: readonly T[],
  newer: readonly T[],
  nameOf: (it: T) => string,
): T[] {
  const all = new Map(older.map((it) => [nameOf(it), it]));
  for (const it of newer) all.set(nameOf(it), it);
  return [...all.values()];
}

/** Returns the non-empty tables of figures, with their headings. */
function tablesOf(
  { figures }: Results,
): (readonly [title: string, table: Table])[] {
  return WORKLOADS.map((workload) =>
    [workload.title, tableOfFigures(figures, workload)] as const
  ).filter(([, { length }]) => length > 1);
}

/** Formats all tables for a terminal. */
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

/** Formats the ranked peers as one line, fastest first. */
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

function describeRun({ machine, isPinned, loads }: Results): string {
  const cores = isPinned
    ? "Clients and servers had a core each"
    : "Client and server could share a core";
  const load = loads.length === 1
    ? `was ${loads[0]}`
    : `was ${Math.min(...loads)} to ${
      Math.max(...loads)
    } in ${loads.length} runs`;
  return `Taken on ${machine}. ${cores}; the load by other programs ${load}.`;
}

/** The page beside the guide with the figures of all workloads. */
const PAGE = "performance_tables.md";

/** The file beside the guide with all results. */
const RESULTS = `${ROOT}/docs/performance.json`;

/**
 * Writes tables and pictures into the guide, and all figures beside it. After a
 * partial measurement, the other results stay unchanged.
 */
export async function writeResults(
  measured: Results,
  isAll: boolean,
): Promise<void> {
  const older = isAll ? null : await readResults();
  const results = older === null ? measured : mergeResults(older, measured);
  const pictures = drawFigures(results.figures);
  for (const { file, svg } of pictures) {
    await Deno.writeTextFile(`${ROOT}/docs/${file}`, svg);
  }
  await Deno.writeTextFile(
    RESULTS,
    JSON.stringify(results, null, 2) + "\n",
  );
  const written = pictures.map(({ file }) => `${ROOT}/docs/${file}`);
  await runDeno(["fmt", "--quiet", RESULTS, ...written]);
  await writePage(results);
  await writeSection(
    "performance.md",
    "bench --write",
    [
      describeRun(results),
      formatMarkdown([
        tableOfChecks(results.checks.filter(({ target }) => target !== null)),
      ]),
      ...pictures.map(({ title, file }) => `![${title}](${file})`),
    ].join("\n\n"),
  );
}

/** Returns the results of earlier runs, or `null`. */
async function readResults(): Promise<Results | null> {
  try {
    return JSON.parse(await Deno.readTextFile(RESULTS));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
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
    "## Targets and other comparisons",
    formatMarkdown([tableOfChecks(results.checks)]),
    ...tablesOf(results).map(([title, table]) =>
      `## ${title}\n\n${formatMarkdown([table])}`
    ),
    ...formatLeftOut(results),
  ];
  await Deno.writeTextFile(path, parts.join("\n\n") + "\n");
  await runDeno(["fmt", "--quiet", path]);
}
