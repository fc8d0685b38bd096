import { writeSection } from "../checks/section.ts";
import { ROOT } from "../checks/_project.ts";
import { formatMarkdown, formatText, type Table } from "../shared/tables.ts";
import type { Figure, LeftOut } from "./_figures.ts";
import { drawFigures } from "./_pictures.ts";
import type { Check } from "./_ratios.ts";
import { tableOfChecks, tableOfFigures } from "./_report.ts";
import { WORKLOADS } from "./workloads.ts";

/** The outcome of a run. */
export interface Results {
  readonly machine: string;
  /** Descriptions of the peers, with their versions, by name. */
  readonly peers: Readonly<Record<string, string>>;
  readonly command: string;
  /** Whether clients and servers had a core each. */
  readonly isPinned: boolean;
  readonly checks: readonly Check[];
  readonly figures: readonly Figure[];
  readonly leftOut: readonly LeftOut[];
}

/** Returns the tables that have rows, with their headings. */
function tablesOf(
  { checks, figures }: Results,
): (readonly [title: string, table: Table])[] {
  const tables = [
    ["What is wanted", tableOfChecks(checks)] as const,
    ...WORKLOADS.map((workload) =>
      [workload.title, tableOfFigures(figures, workload)] as const
    ),
  ];
  return tables.filter(([, { length }]) => length > 1);
}

/** Returns all tables for a terminal. */
export function formatResults(results: Results): string {
  return [
    ...tablesOf(results)
      .map(([title, table]) => `${title}\n\n${formatText([table])}`),
    ...formatLeftOut(results),
  ].join("\n\n");
}

function formatLeftOut({ leftOut }: Results): string[] {
  if (leftOut.length === 0) return [];
  return [
    "Left out:",
    leftOut.map(({ what, why }) => `- ${what}: ${why}`).join("\n"),
  ];
}

/** Writes tables and pictures into the guide. */
export async function writeResults(results: Results): Promise<void> {
  const { machine, peers, command, isPinned } = results;
  const pictures = drawFigures(results.figures);
  for (const { file, svg } of pictures) {
    await Deno.writeTextFile(`${ROOT}/docs/${file}`, svg);
  }
  const cores = isPinned
    ? "Clients and servers had a core each."
    : "Client and server could share a core.";
  const content = [
    `Taken by \`${command}\` on ${machine}. ${cores}`,
    Object.entries(peers).map(([name, what]) => `- \`${name}\`: ${what}`)
      .join("\n"),
    ...pictures.map(({ title, file }) => `![${title}](${file})`),
    ...tablesOf(results).map(([title, table]) =>
      `### ${title}\n\n${formatMarkdown([table])}`
    ),
    ...formatLeftOut(results),
  ].join("\n\n");
  await writeSection("performance.md", "bench --write", content);
}
