import { runDeno } from "../tools/_deno.ts";
import { ROOT } from "../tools/_project.ts";
import { replaceSection } from "../tools/section.ts";
import { formatMarkdown, formatText, type Table } from "../tools/tables.ts";
import { drawFigures, type Picture } from "./_pictures.ts";
import { tableOfChecks, tableOfFigures, tableOfFootprints } from "./_report.ts";
import type { Results } from "./_results.ts";
import { WORKLOADS } from "./workloads.ts";

const DOCS = `${ROOT}/docs`;
const GUIDE = `${DOCS}/performance.md`;

/** A table with its heading; those without rows are left out. */
type Titled = readonly [title: string, table: Table];

function tablesOf({ checks, figures, footprints, leftOut }: Results): Titled[] {
  const tables: Titled[] = [
    ["What is wanted", tableOfChecks(checks)],
    ...WORKLOADS.map((workload): Titled => [
      workload.title,
      tableOfFigures(figures, workload),
    ]),
    ["Wire and memory", tableOfFootprints(footprints)],
    [
      "Left out",
      [["What", "why"], ...leftOut.map(({ what, why }) => [what, why])],
    ],
  ];
  return tables.filter(([, { length }]) => length > 1);
}

/** All tables, for a terminal. */
export function formatResults(results: Results): string {
  return tablesOf(results)
    .map(([title, table]) => `${title}\n\n${formatText([table])}`)
    .join("\n\n");
}

/** The section of the guide, with its pictures. */
export function formatGuide(
  results: Results,
  pictures: readonly Picture[],
): string {
  const { machine, versions, command, isPinned } = results;
  return [
    `Taken by \`${command}\` on ${machine}. ${
      isPinned
        ? "Clients and servers had a core each."
        : "Client and server could share a core."
    }${versions.length > 0 ? ` Peers: ${versions.join(", ")}.` : ""}`,
    ...formatPictures(pictures),
    ...tablesOf(results).map(([title, table]) =>
      `### ${title}\n\n${formatMarkdown([table])}`
    ),
  ].join("\n\n");
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
