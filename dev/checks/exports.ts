/**
 * Checks the public API: the names that each entry of `deno.json` exports must
 * match `exports.txt`, must not be too many, and must not be internal.
 * `--update` rewrites the list.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { readDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { readConfig, ROOT } from "./_project.ts";
import { importFlags } from "./npm_std.ts";
import { stripSource } from "./source.ts";

/** The maximum number of names, in all entries together and per entry. */
const MOST_NAMES = 300;
const MOST_IN: Readonly<Record<string, number>> = { "./rpc": 48 };

const SNAPSHOT = `${ROOT}/dev/checks/exports.txt`;

/** A name that an entry exports. */
export interface ExportedName {
  readonly name: string;
  /** The kind of declaration, such as `class` or `interface`. */
  readonly kind: string;
  /** The file that declares it. */
  readonly file: string;
}

/** The names that each entry exports. */
export type ExportTable = ReadonlyMap<string, readonly ExportedName[]>;

/** Returns the problems with the names of the entries. */
export function exportBreaches(table: ExportTable): string[] {
  const breaches: string[] = [];
  const all = new Set<string>();
  for (const [entry, names] of table) {
    const most = MOST_IN[entry] ?? Infinity;
    if (names.length > most) {
      breaches.push(`'${entry}' has ${names.length} names, wanted ${most}`);
    }
    for (const { name, file } of names) {
      all.add(`${file}#${name}`);
      if (!/(^|\/)(_[^/]*|internal)\.ts$/.test(file)) continue;
      breaches.push(`'${entry}' exports '${name}' of the private '${file}'`);
    }
  }
  if (all.size > MOST_NAMES) {
    breaches.push(`the entries have ${all.size} names, wanted ${MOST_NAMES}`);
  }
  return breaches;
}

/** Returns whether the source of an entry lists each name that it exports. */
export function isExplicit(source: string): boolean {
  return !/export\s+\*\s+from/.test(stripSource(source));
}

/** Formats the table as text, one name per line. */
export function formatExports(table: ExportTable): string {
  const sections = [...table].map(([entry, names]) => {
    const lines = names.map(({ name, kind }) => `  ${name} (${kind})\n`);
    return `${entry}\n${lines.sort().join("")}`;
  });
  return sections.join("\n");
}

/** Returns the lines that differ between two texts, marked with `+` and `-`. */
export function diffLines(before: string, after: string): string[] {
  const [old, now] = [before, after].map(qualifiedLines);
  return [
    ...[...old!.difference(now!)].map((line) => `- ${line}`),
    ...[...now!.difference(old!)].map((line) => `+ ${line}`),
  ];
}

function qualifiedLines(text: string): Set<string> {
  let entry = "";
  const lines = new Set<string>();
  for (const line of text.split("\n")) {
    if (line.startsWith("  ")) lines.add(`${entry}: ${line.trim()}`);
    else if (line !== "") entry = line;
  }
  return lines;
}

/** The parts of the output of `deno doc --json` that are used. */
interface Doc {
  readonly nodes: Readonly<Record<string, { readonly symbols?: DocSymbol[] }>>;
}

interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly DocDeclaration[];
}

interface DocDeclaration {
  readonly kind: string;
  readonly location: { readonly filename: string };
  /** The original declaration of a re-exported name. */
  readonly def?: { readonly target?: { readonly filename: string } };
}

/** Reads the exports of `entries`, a map from name to file. */
export async function readExports(
  entries: Readonly<Record<string, string>>,
  flags: readonly string[],
): Promise<ExportTable> {
  const table = new Map<string, readonly ExportedName[]>();
  const root = pathToFileURL(ROOT).href;
  // In a single run, names of a shared file would appear in one entry only.
  await Promise.all(
    Object.entries(entries).map(async ([entry, file]) => {
      const doc: Doc = JSON.parse(
        await readDeno(["doc", "--json", ...flags, file]),
      );
      const symbols = Object.values(doc.nodes).flatMap((it) =>
        it.symbols ?? []
      );
      table.set(
        entry,
        symbols.map(({ name, declarations: [first] }) => {
          const { filename } = first!.def?.target ?? first!.location;
          return { name, kind: first!.kind, file: filename.slice(root.length) };
        }),
      );
    }),
  );
  return new Map([...table].toSorted(([a], [b]) => a < b ? -1 : 1));
}

/** Returns every problem in the package itself, and the text of the list. */
export async function checkExports(
  flags: readonly string[],
): Promise<{ breaches: string[]; text: string }> {
  const { exports } = await readConfig();
  const table = await readExports(exports, flags);
  const breaches = exportBreaches(table);
  for (const file of Object.values(exports)) {
    if (isExplicit(await Deno.readTextFile(`${ROOT}/${file}`))) continue;
    breaches.push(`'${file}' holds an 'export *', list the names`);
  }
  return { breaches, text: formatExports(table) };
}

/** Reads the saved list. */
export async function readSnapshot(): Promise<string> {
  return await Deno.readTextFile(SNAPSHOT);
}

if (import.meta.main) {
  const { breaches, text } = await checkExports(await importFlags());
  const changes = diffLines(await readSnapshot(), text);
  if (Deno.args.includes("--update")) {
    await Deno.writeTextFile(SNAPSHOT, text);
  } else if (changes.length > 0) {
    for (const change of changes) print(change);
    breaches.push("the names changed: 'deno task exports --update' if meant");
  }
  for (const breach of breaches) printError(breach);
  print(`${breaches.length} breaches`);
  if (breaches.length > 0) Deno.exit(1);
}
