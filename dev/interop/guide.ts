import { ROOT } from "../checks/_project.ts";
import type { Cell, Row, Versions } from "./matrix.ts";

/** The guide that holds the table. */
export const GUIDE = `${ROOT}/docs/interop.md`;

/** What to do when the guide and a run disagree. */
export const STALE =
  "docs/interop.md tells otherwise than this run: 'deno task interop --write' writes it anew";

/** The variable of the environment that names the report of a run. */
export const REPORT_VARIABLE = "DENOMAS_INTEROP_REPORT";

/** Where a run that is to write the table leaves what it found. */
export const reportPath: string | undefined = Deno.env.get(REPORT_VARIABLE);

/** A part of what a run found. */
export interface Finding {
  /** The rows of the table, in order. */
  readonly rows?: readonly Row[];
  /** Some of its cells. */
  readonly cells?: readonly Cell[];
  /** What was run. */
  readonly versions?: Versions;
}

/** Reads the guide. */
export function guide(): Promise<string> {
  return Deno.readTextFile(GUIDE);
}

/** Leaves a finding in the report. */
export async function noteInReport(finding: Finding): Promise<void> {
  const line = JSON.stringify(finding) + "\n";
  await Deno.writeTextFile(reportPath!, line, { append: true });
}

/** Reads all that a run has left in its report. */
export async function readReport(path: string): Promise<Required<Finding>> {
  const lines = (await Deno.readTextFile(path)).trim().split("\n");
  const findings: Finding[] = lines.map((line) => JSON.parse(line));
  return {
    rows: findings.flatMap(({ rows }) => rows ?? []),
    cells: findings.flatMap(({ cells }) => cells ?? []),
    versions: findings.find(({ versions }) => versions)!.versions!,
  };
}
