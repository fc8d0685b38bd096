/**
 * Prints a table of lines of code by folder; comments and blank lines do not
 * count. `size.ts agent dev/stress` prints these folders only.
 *
 * @module
 */

import { print } from "./_print.ts";
import { listFiles, ROOT } from "./_project.ts";
import { countLines } from "./source.ts";

/** The kinds of code that are counted apart. */
export const KINDS = ["product", "development", "tests", "examples"] as const;

/** One of {@linkcode KINDS}. */
export type Kind = typeof KINDS[number];

/** Lines of code of one folder, by kind. */
export type Sizes = Record<Kind, number>;

/** Returns the kind of a TypeScript file. */
export function kindOf(file: string): Kind {
  if (/_test\.ts$|_bench\.ts$|\/fixtures\//.test(file)) return "tests";
  if (file.startsWith("dev/")) return "development";
  if (file.startsWith("examples/")) return "examples";
  return "product";
}

/** Returns the size of each folder among `files`, in alphabetical order. */
export async function measureFolders(
  files: readonly string[],
): Promise<Map<string, Sizes>> {
  const folders = new Map<string, Sizes>();
  for (const file of files) {
    const folder = file.slice(0, Math.max(0, file.lastIndexOf("/"))) || ".";
    const sizes = folders.get(folder) ?? emptySizes();
    sizes[kindOf(file)] += countLines(
      await Deno.readTextFile(`${ROOT}/${file}`),
    );
    folders.set(folder, sizes);
  }
  return folders;
}

function emptySizes(): Sizes {
  return { product: 0, development: 0, tests: 0, examples: 0 };
}

/** Adds up sizes by the first part of the folder's name. */
export function sumByTop(
  folders: ReadonlyMap<string, Sizes>,
): Map<string, Sizes> {
  const tops = new Map<string, Sizes>();
  for (const [folder, sizes] of folders) {
    const top = folder.split("/")[0]!;
    const sum = tops.get(top) ?? emptySizes();
    for (const kind of KINDS) sum[kind] += sizes[kind];
    tops.set(top, sum);
  }
  return tops;
}

function printRow(name: string, sizes: Sizes): void {
  const cells = KINDS.map((kind) => String(sizes[kind] || "").padStart(12));
  print(`${name.padEnd(32)}${cells.join("")}`);
}

if (import.meta.main) {
  const files = (await listFiles()).filter((file) =>
    file.endsWith(".ts") &&
    (Deno.args.length === 0 || Deno.args.some((it) => file.startsWith(it)))
  );
  const folders = await measureFolders(files);
  print(" ".repeat(32) + KINDS.map((kind) => kind.padStart(12)).join(""));
  for (const [folder, sizes] of folders) printRow(folder, sizes);
  print("");
  const total = emptySizes();
  for (const [top, sizes] of sumByTop(folders)) {
    printRow(top, sizes);
    for (const kind of KINDS) total[kind] += sizes[kind];
  }
  printRow("all", total);
}
