/**
 * Prints lines of code by folder, without comments and blank lines.
 * `size.ts agent dev/stress` counts only files whose paths begin with one of
 * these.
 *
 * @module
 */

import { print } from "./_print.ts";
import { listFiles, ROOT } from "./_project.ts";
import { countLines } from "./source.ts";

/** The kinds of code that are counted separately. */
const KINDS = ["product", "development", "tests", "examples"] as const;

/** One of the kinds of code. */
export type Kind = typeof KINDS[number];

/** Returns the kind of a TypeScript file. */
export function kindOf(file: string): Kind {
  if (/_test\.ts$|_bench\.ts$|\/fixtures\//.test(file)) return "tests";
  if (file.startsWith("dev/")) return "development";
  return /^(docs|examples)\//.test(file) ? "examples" : "product";
}

if (import.meta.main) {
  const folders = new Map<string, Partial<Record<Kind, number>>>();
  const tops = new Map<string, Partial<Record<Kind, number>>>();
  for (const file of await listFiles()) {
    const isChosen = Deno.args.length === 0 ||
      Deno.args.some((it) => file.startsWith(it));
    if (!file.endsWith(".ts") || !isChosen) continue;
    const lines = countLines(await Deno.readTextFile(`${ROOT}/${file}`));
    const kind = kindOf(file);
    const folder = file.slice(0, Math.max(0, file.lastIndexOf("/"))) || ".";
    for (
      const [table, name] of [
        [folders, folder],
        [tops, folder.split("/")[0]!],
        [tops, "all"],
      ] as const
    ) {
      const sizes = table.get(name) ?? {};
      table.set(name, { ...sizes, [kind]: (sizes[kind] ?? 0) + lines });
    }
  }
  print(" ".repeat(32) + KINDS.map((kind) => kind.padStart(12)).join(""));
  for (const [name, sizes] of [...folders, ["", {}] as const, ...tops]) {
    const cells = KINDS.map((it) => String(sizes[it] ?? "").padStart(12));
    print(`${name.padEnd(32)}${cells.join("")}`.trimEnd());
  }
}
