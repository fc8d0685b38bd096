import { runDeno } from "../checks/_deno.ts";
import { ROOT } from "../checks/_project.ts";
import { replaceSection } from "../checks/section.ts";
import { formatMarkdown, formatText, type Table } from "../shared/tables.ts";
import { drawFigures, type Picture } from "./_pictures.ts";
import { tableOfChecks, tableOfFigures, tableOfFootprints } from "./_report.ts";
import type { Results } from "./_results.ts";
import { WORKLOADS } from "./workloads.ts";

const DOCS = `${ROOT}/docs`;
const GUIDE = `${DOCS}/performance.md`;

/** A table with its heading; those without rows are left out. */
type Titled = readonly [title: string, table: Table];

function tablesOf({ checks, figures, footprints }: Results): Titled[] {
  const tables: Titled[] = [
    ["What is wanted", tableOfChecks(checks)],
    ...WORKLOADS.map((workload): Titled => [
      workload.title,
      tableOfFigures(figures, workload),
    ]),
    ["Wire and memory", tableOfFootprints(footprints)],
  ];
  return tables.filter(([, { length }]) => length > 1);
}

/** All tables, for a terminal. */
export function formatResults(results: Results): string {
  return tablesOf(results)
    .map(([title, table]) => `${title}\n\n${formatText([table])}`)
    .concat(formatLeftOut(results, ["", ""]))
    .join("\n\n");
}

/** A line each of what could not be measured, with its name between marks. */
function formatLeftOut(
  { leftOut }: Results,
  [before, after]: readonly [string, string],
): string[] {
  if (leftOut.length === 0) return [];
  const lines = leftOut.map(({ what, why }) =>
    `- ${before}${what}${after}: ${why}`
  );
  return [`${before}Left out${after}`, lines.join("\n")];
}

/** The section of the guide, with its pictures. */
export function formatGuide(
  results: Results,
  pictures: readonly Picture[],
): string {
  const { machine, peers, command, isPinned } = results;
  return [
    `Taken by \`${command}\` on ${machine}. ${
      isPinned
        ? "Clients and servers had a core each."
        : "Client and server could share a core."
    }`,
    Object.entries(peers).map(([name, what]) => `- \`${name}\`: ${what}`)
      .join("\n"),
    ...formatPictures(pictures),
    ...tablesOf(results).map(([title, table]) =>
      `### ${title}\n\n${formatMarkdown([table])}`
    ),
    ...formatLeftOut(results, ["**", "**"]),
  ].filter(Boolean).join("\n\n");
}

/** Pictures as the guide shows them. */
export function formatPictures(pictures: readonly Picture[]): string[] {
  return pictures.map(({ title, file }) => `![${title}](${file})`);
}

/** Puts tables and pictures into the guide. */
export async function writeResults(results: Results): Promise<void> {
  const pictures = drawFigures(results.figures);
  await writeGuide("bench --write", formatGuide(results, pictures), pictures);
}

/** Puts what a task found into its section of the guide. */
export async function writeGuide(
  task: string,
  content: string,
  pictures: readonly Picture[],
): Promise<void> {
  const guide = await Deno.readTextFile(GUIDE);
  const files = [GUIDE];
  await Deno.writeTextFile(GUIDE, replaceSection(guide, task, content));
  for (const { file, svg } of pictures) {
    const path = `${DOCS}/${file}`;
    await Deno.writeTextFile(path, svg);
    files.push(path);
  }
  await runDeno(["fmt", "--quiet", ...files]);
}
