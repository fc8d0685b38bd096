/**
 * Checks which file imports which: `agent → rpc → channel → transports`, and
 * no cycles. What may import what is told by `layout.ts`.
 *
 * @module
 */

import { print, printError } from "./_print.ts";
import { listFiles } from "./_project.ts";
import { type ImportGraph, readImportGraph } from "./graph.ts";
import { isProduct, type Part, partOf, PARTS } from "./layout.ts";
import { importFlags } from "./npm_std.ts";

/** Every breach of the rules in `graph`, a sentence each. */
export function layerBreaches(
  graph: ImportGraph,
  parts: readonly Part[] = PARTS,
): string[] {
  const breaches: string[] = [];
  for (const [file, imports] of graph) {
    const part = partOf(file, parts);
    if (part === undefined || !isProduct(file)) {
      breaches.push(`'${file}' belongs to no part of the package`);
      continue;
    }
    for (const imported of imports) {
      const breach = importBreach(part, imported, parts);
      if (breach) breaches.push(`'${file}' imports '${imported}': ${breach}`);
    }
  }
  const cycle = findCycle(graph);
  if (cycle) breaches.push(`Files import each other: '${cycle.join("' → '")}'`);
  return breaches;
}

/** What is wrong with the import of a file by a part, if anything is. */
function importBreach(
  part: Part,
  imported: string,
  parts: readonly Part[],
): string | undefined {
  const target = partOf(imported, parts);
  if (target === undefined || !isProduct(imported)) {
    return "it is not part of the package";
  }
  if (target !== part && !part.mayImport.includes(target.name)) {
    const allowed = part.mayImport.join(", ") || "no other part";
    return `${part.name} may import ${allowed}`;
  }
  // The root's whole purpose is to offer the parts again.
  if (isMod(imported) && part.name !== "root") {
    return "import the file that owns the name";
  }
  return undefined;
}

function isMod(file: string): boolean {
  return file === "mod.ts" || file.endsWith("/mod.ts");
}

/** The files of one cycle, the first one also last, if there is any. */
function findCycle(graph: ImportGraph): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] | undefined => {
    const start = path.indexOf(file);
    if (start !== -1) return [...path.slice(start), file];
    if (done.has(file)) return undefined;
    path.push(file);
    for (const imported of graph.get(file) ?? []) {
      const cycle = visit(imported);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(file);
    return undefined;
  };
  for (const file of graph.keys()) {
    const cycle = visit(file);
    if (cycle) return cycle;
  }
  return undefined;
}

/** The graph of all of the package's files. */
export async function readProductGraph(
  flags: readonly string[],
): Promise<ImportGraph> {
  return await readImportGraph((await listFiles()).filter(isProduct), flags);
}

if (import.meta.main) {
  const graph = await readProductGraph(await importFlags());
  const breaches = layerBreaches(graph);
  for (const breach of breaches) printError(breach);
  print(`${graph.size} files, ${breaches.length} breaches`);
  if (graph.size === 0 || breaches.length > 0) Deno.exit(1);
}
