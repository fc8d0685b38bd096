/**
 * Checks the imports between files: layers in the order
 * `agent → rpc → channel → transports`, no private file of another layer (also
 * in fixtures), no cycles, and no host API in the neutral core. `layout.ts`
 * contains the tables of the rules.
 *
 * @module
 */

import { print, printError } from "./_print.ts";
import { listFiles, ROOT } from "./_project.ts";
import { type ImportGraph, readImportGraph } from "./graph.ts";
import {
  isFixture,
  isNeutral,
  isProduct,
  layerOf,
  type Part,
  partOf,
  PARTS,
} from "./layout.ts";
import { importFlags } from "./npm_std.ts";
import { stripSource } from "./source.ts";

/** A rule that can be violated. */
export type Rule = "parts" | "private" | "cycle" | "folders" | "neutral";

/** A violation of a rule. */
export interface Breach {
  readonly rule: Rule;
  readonly sentence: string;
}

/** Returns every violation of the import rules in `graph`. */
export function layerBreaches(
  graph: ImportGraph,
  parts: readonly Part[] = PARTS,
): Breach[] {
  const breaches: Breach[] = [];
  for (const [file, imports] of graph) {
    const part = partOf(file, parts);
    if (part === undefined || !isProduct(file)) {
      const sentence = `'${file}' belongs to no part of the package`;
      breaches.push({ rule: "parts", sentence });
      continue;
    }
    for (const imported of imports) {
      const [rule, problem] = importBreach(file, part, imported, parts) ?? [];
      if (rule === undefined) continue;
      const sentence = `'${file}' imports '${imported}': ${problem}`;
      breaches.push({ rule, sentence });
    }
  }
  const cycle = findCycle(graph);
  if (cycle !== undefined) {
    const sentence = `Files import each other: '${cycle.join("' → '")}'`;
    return [...breaches, { rule: "cycle", sentence }];
  }
  const folders = findCycle(byFolder(graph));
  if (folders !== undefined) {
    const sentence = `Folders import each other: '${folders.join("' → '")}'`;
    breaches.push({ rule: "folders", sentence });
  }
  return breaches;
}

function importBreach(
  file: string,
  part: Part,
  imported: string,
  parts: readonly Part[],
): [rule: Rule, problem: string] | undefined {
  const target = partOf(imported, parts);
  if (target === undefined || !isProduct(imported)) {
    return ["parts", "it is not part of the package"];
  }
  if (target !== part && !part.mayImport.includes(target.name)) {
    const allowed = part.mayImport.join(", ") || "no other part";
    return ["parts", `${part.name} may import ${allowed}`];
  }
  const name = baseName(imported);
  // The root re-exports the entries of the parts.
  if (name === "mod.ts" && part.name !== "root") {
    return ["parts", "import the file that owns the name"];
  }
  if (name === "internal.ts" && baseName(file) === "mod.ts") {
    return ["private", "users must not reach internals"];
  }
  if (name.startsWith("_") && layerOf(file) !== layerOf(imported)) {
    return ["private", "it is private to its layer, import its 'internal.ts'"];
  }
  if (isNeutral(file) && !isNeutral(imported)) {
    return ["neutral", "the neutral core must run in browsers and Node"];
  }
  return undefined;
}

function baseName(file: string): string {
  return file.slice(file.lastIndexOf("/") + 1);
}

/** Returns the private files of other layers that a fixture imports. */
export function fixtureBreaches(file: string, source: string): Breach[] {
  const breaches: Breach[] = [];
  for (const [, specifier] of source.matchAll(/ from "(\.[^"]+)"/g)) {
    const { pathname } = new URL(specifier!, `file:///${file}`);
    const imported = pathname.slice(1);
    const isPrivate = baseName(imported).startsWith("_") &&
      layerOf(file) !== layerOf(imported);
    if (!isPrivate) continue;
    const sentence = `'${file}' imports '${imported}', private to its layer`;
    breaches.push({ rule: "private", sentence });
  }
  return breaches;
}

/** APIs that Node 22 or a browser lacks, as patterns in code. */
const HOST_APIS: Readonly<Record<string, RegExp>> = {
  "'Deno'": /\bDeno\b/,
  "'node:'": /["']node:/,
  "'using'": /\busing\s+\w+\s*[=:]/,
  "'setImmediate'": /(?<!\.)\bsetImmediate\b/,
};

/**
 * The only file that may use each API: it checks for the API and works without
 * it.
 */
const MAY_USE: Readonly<Record<string, string>> = {
  "'setImmediate'": "transports/_world.ts",
};

/** Returns the uses of host APIs in a file of the neutral core. */
export function hostBreaches(file: string, source: string): Breach[] {
  if (!isNeutral(file)) return [];
  const code = stripSource(source);
  return Object.entries(HOST_APIS)
    .filter(([api, pattern]) => pattern.test(code) && file !== MAY_USE[api])
    .map(([api]) => ({
      rule: "neutral",
      sentence: `'${file}' uses ${api}: the neutral core must do without`,
    }));
}

/**
 * Returns the import graph between the folders inside layers. Files directly in
 * a layer are left out, since they connect its folders.
 */
function byFolder(graph: ImportGraph): ImportGraph {
  const joined = new Map<string, Set<string>>();
  for (const [file, imports] of graph) {
    const from = folderOf(file);
    if (from === null) continue;
    const targets = joined.get(from) ?? new Set<string>();
    joined.set(from, targets);
    for (const imported of imports) {
      const to = folderOf(imported);
      if (to !== null && to !== from) targets.add(to);
    }
  }
  return new Map([...joined].map(([from, targets]) => [from, [...targets]]));
}

/**
 * Returns the folder of a file inside a layer; `null` if it is directly in the
 * layer.
 */
function folderOf(file: string): string | null {
  const parts = file.split("/");
  return parts.length <= 2 ? null : parts.slice(0, -1).join("/");
}

/** Returns the nodes of one cycle; the first one is repeated at the end. */
function findCycle(graph: ImportGraph): string[] | undefined {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (node: string): string[] | undefined => {
    const start = path.indexOf(node);
    if (start !== -1) return [...path.slice(start), node];
    if (done.has(node)) return undefined;
    path.push(node);
    for (const imported of graph.get(node) ?? []) {
      const cycle = visit(imported);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(node);
    return undefined;
  };
  for (const node of graph.keys()) {
    const cycle = visit(node);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Returns every violation in the package, and the number of its files. */
export async function checkPackage(
  flags: readonly string[],
): Promise<{ files: number; breaches: Breach[] }> {
  const all = await listFiles();
  const files = all.filter(isProduct);
  const breaches = layerBreaches(await readImportGraph(files, flags));
  for (const file of files) {
    const source = await Deno.readTextFile(`${ROOT}/${file}`);
    breaches.push(...hostBreaches(file, source));
  }
  for (const file of all.filter(isFixture)) {
    const source = await Deno.readTextFile(`${ROOT}/${file}`);
    breaches.push(...fixtureBreaches(file, source));
  }
  return { files: files.length, breaches };
}

if (import.meta.main) {
  const { files, breaches } = await checkPackage(await importFlags());
  for (const { sentence } of breaches) printError(sentence);
  print(`${files} files, ${breaches.length} breaches`);
  if (files === 0 || breaches.length > 0) Deno.exit(1);
}
