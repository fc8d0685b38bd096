/**
 * Runs the tests and tells how many lines of each part they reach.
 *
 * @module
 */

import { join, relative } from "node:path";
import { readDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { ROOT } from "./_project.ts";
import { isProduct, type Part, partOf, PARTS } from "./layout.ts";
import { type FileCoverage, parseLcov } from "./lcov.ts";
import { importFlags } from "./npm_std.ts";
import { runTests } from "./test.ts";

/** What each part must reach, in per cent of its lines. */
const WANTED_PERCENT = 95;

/** Where the raw data goes; `.gitignore` knows it. */
const FOLDER = "coverage/raw";

/** The lines of one part. */
export interface PartCoverage {
  /** The part's name. */
  readonly part: string;
  /** How many lines ran. */
  readonly reached: number;
  /** How many lines there are. */
  readonly total: number;
}

/** Adds up files, named as paths from the root, by part. */
export function sumByPart(
  files: readonly FileCoverage[],
  parts: readonly Part[] = PARTS,
): PartCoverage[] {
  return parts.flatMap((part) => {
    const own = files.filter(({ file }) => partOf(file, parts) === part);
    const reached = own.reduce((sum, it) => sum + it.reached.length, 0);
    const missed = own.reduce((sum, it) => sum + it.missed.length, 0);
    const total = reached + missed;
    return total === 0 ? [] : [{ part: part.name, reached, total }];
  });
}

/** The share of lines that ran, in per cent. */
export function percent({ reached, total }: PartCoverage): number {
  return 100 * reached / total;
}

async function readCoverage(): Promise<FileCoverage[]> {
  const report = await readDeno(["coverage", "--lcov", FOLDER]);
  return parseLcov(report)
    .map((it) => ({
      ...it,
      file: relative(ROOT, it.file).replaceAll("\\", "/"),
    }))
    .filter(({ file }) => isProduct(file) && partOf(file) !== undefined);
}

/** Prints the missed lines of each file and the sum of each part. */
function printCoverage(files: readonly FileCoverage[]): void {
  for (const { file, missed } of files) {
    if (missed.length > 0) print(`${file}: not reached: ${missed.join(" ")}`);
  }
  for (const sum of sumByPart(files)) {
    print(
      `${sum.part.padEnd(12)} ${percent(sum).toFixed(1).padStart(5)} %  ` +
        `(${sum.reached} of ${sum.total} lines)`,
    );
  }
}

/** Names of the parts that fall short; all is short where nothing was seen. */
export function shortfalls(sums: readonly PartCoverage[]): string[] {
  if (sums.length === 0) return ["everything"];
  return sums.filter((sum) => percent(sum) < WANTED_PERCENT)
    .map(({ part }) => part);
}

if (import.meta.main) {
  await Deno.remove(join(ROOT, FOLDER), { recursive: true }).catch((error) => {
    // Nothing to remove on the first run.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const options = [`--coverage=${FOLDER}`, "--coverage-raw-data-only"];
  const code = await runTests(options, await importFlags());
  if (code !== 0) Deno.exit(code);
  const files = await readCoverage();
  printCoverage(files);
  const short = shortfalls(sumByPart(files));
  if (short.length > 0) {
    printError(
      `Reaching ${WANTED_PERCENT} % of the lines: ${
        short.join(", ")
      } fall short`,
    );
    Deno.exit(1);
  }
}
