import { ROOT } from "../checks/_project.ts";
import { readSection } from "../checks/section.ts";
import type { Cell, Row, Versions } from "./matrix.ts";

/** The task that writes the table. */
export const TASK = "interop --write";

/** The message when the guide and a run disagree. */
export const STALE =
  "docs/interop.md differs from this run: 'deno task interop --write' updates it";

/** The environment variable that names the report of a run. */
export const REPORT_VARIABLE = "DENOMAS_INTEROP_REPORT";

/** The path of the report, if this run is to write the table. */
export const reportPath: string | undefined = Deno.env.get(REPORT_VARIABLE);

/** A part of the results of a run. */
export interface Finding {
  /** Rows of the table, in order. */
  readonly rows?: readonly Row[];
  readonly cells?: readonly Cell[];
  readonly versions?: Versions;
}

/** Reads the table from the guide. */
export async function readTable(): Promise<string> {
  return readSection(await Deno.readTextFile(`${ROOT}/docs/interop.md`), TASK);
}

/** Adds a finding to the report. */
export async function noteInReport(finding: Finding): Promise<void> {
  const line = JSON.stringify(finding) + "\n";
  await Deno.writeTextFile(reportPath!, line, { append: true });
}

/** Reads all findings of a report. */
export async function readReport(path: string): Promise<Required<Finding>> {
  const lines = (await Deno.readTextFile(path)).trim().split("\n");
  const findings: Finding[] = lines.map((line) => JSON.parse(line));
  return {
    rows: findings.flatMap(({ rows }) => rows ?? []),
    cells: findings.flatMap(({ cells }) => cells ?? []),
    versions: findings.find(({ versions }) => versions)!.versions!,
  };
}
