/**
 * Checks that each part's `mod.ts` offers every name that the part's files
 * export, and that `deno.json` names each part as an entry. Files that begin
 * with `_` are private; what else is kept from users is listed here, each
 * with its reason.
 *
 * @module
 */

import { pathToFileURL } from "node:url";
import { readDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { listFiles, readConfig, ROOT } from "./_project.ts";
import { isProduct, type Part, partOf, PARTS } from "./layout.ts";
import { importFlags } from "./npm_std.ts";

/** Files, or single names as `file#name`, that no `mod.ts` has to offer. */
export const INTERNAL: Readonly<Record<string, string>> = {
  "channel/timers/abort_listeners.ts": "for the layers above",
  "channel/limits/budget.ts":
    "for the layers above; users see its figures in stats()",
  "channel/codecs/types/type_entry.ts":
    "for the layers above; users register a Serializer",
  "channel/codecs/types/type_table.ts":
    "the work that channels do with serializers",
  "channel/tables/deque.ts": "for the layers above",
  "channel/tables/id_table.ts":
    "for the layers above, where a peer chooses the ids",
  "channel/message.ts": "the shape of the wire; users see requests and replies",
  "channel/options.ts#BudgetOptions": "for the layers above",
  "channel/message_context.ts":
    "what the channel tells custom types of the layers above",
  "channel/options.ts#ResolvedOptions": "options with their defaults filled in",
  "channel/options.ts#resolveOptions": "fills in the defaults",
  "channel/report.ts#guardedOnError": "for the layers above",
  "channel/report.ts#runGuarded": "for the layers above",
  "channel/report.ts#printLine": "for the layers above",
  "channel/report.ts#reportToStderr": "the default of onError",
  "channel/request.ts#Answerer": "the channel, as its requests see it",
  "channel/request.ts#IncomingRequest": "made by channels only",
  "transports/hosts.ts": "for the channel layer, which counts by host",
  "transports/memory.ts#memoryBytes": "for the network of testing",
  "transports/printable.ts":
    "for the layers above, wherever text of a peer shows",
  "transports/socket_file.ts": "for the layers above, which spawn servers",
  "transports/tcp.ts#tcpBytes": "for the network of testing",
  "transports/timer.ts": "for the layers above",
  "transports/watchdog.ts": "for the layers above, to judge peers by",
  "transports/unix.ts#unixBytes": "for the network of testing",
};

/** An exported name and where its declarations stand. */
export interface ExportedSymbol {
  /** The name that importers use. */
  readonly name: string;
  /** Where it is declared, as `file:line:column`; overloads have several. */
  readonly locations: readonly string[];
}

/** What each file exports, what it exports again included. */
export type ExportTable = ReadonlyMap<string, readonly ExportedSymbol[]>;

/** Every name that a `mod.ts` lacks, and every idle row of `internal`. */
export function exportBreaches(
  table: ExportTable,
  parts: readonly Part[] = PARTS,
  internal: Readonly<Record<string, string>> = INTERNAL,
): string[] {
  const idle = new Set(Object.keys(internal));
  const breaches: string[] = [];
  for (const [file, symbols] of table) {
    const part = partOf(file, parts);
    if (!part?.path.endsWith("/") || isPrivate(file)) continue;
    const mod = `${part.path}mod.ts`;
    const offered = new Set(table.get(mod)?.flatMap((it) => it.locations));
    for (const { name, locations } of symbols) {
      const own = locations.filter((it) => it.startsWith(`${file}:`));
      if (own.length === 0 || own.some((it) => offered.has(it))) continue;
      const row = [file, `${file}#${name}`].find((it) => it in internal);
      if (row === undefined) {
        breaches.push(`'${mod}' lacks '${name}' of '${file}'`);
      } else idle.delete(row);
    }
  }
  for (const row of idle) {
    breaches.push(`'${row}' is listed as internal, but keeps nothing back`);
  }
  return breaches;
}

/** Every part with files that is no entry of `deno.json`. */
export function entryBreaches(
  files: readonly string[],
  entries: readonly string[],
  parts: readonly Part[] = PARTS,
): string[] {
  const filled = new Set(files.map((file) => partOf(file, parts)));
  return parts.filter((part) => filled.has(part)).flatMap(({ name, path }) => {
    const entry = path.endsWith("/") ? `${path}mod.ts` : path;
    return entries.includes(`./${entry}`)
      ? []
      : [`'deno.json' has no entry for '${entry}' (${name})`];
  });
}

function isPrivate(file: string): boolean {
  return file.slice(file.lastIndexOf("/") + 1).startsWith("_");
}

/** What is used of the output of `deno doc --json`. */
interface Doc {
  readonly nodes: Readonly<Record<string, { readonly symbols?: DocSymbol[] }>>;
}

interface DocSymbol {
  readonly name: string;
  readonly declarations: readonly DocDeclaration[];
}

interface DocDeclaration {
  readonly location: DocLocation;
  /** Where the name leads, if it is exported again and both were asked for. */
  readonly def?: { readonly target?: DocLocation };
}

interface DocLocation {
  readonly filename: string;
  readonly line: number;
  readonly col: number;
}

/** Reads what `files` export. `flags` are those of the import map. */
export async function readExports(
  files: readonly string[],
  flags: readonly string[],
): Promise<ExportTable> {
  const doc: Doc = JSON.parse(
    await readDeno(["doc", "--json", ...flags, ...files]),
  );
  const root = pathToFileURL(ROOT).href;
  const table = new Map<string, readonly ExportedSymbol[]>();
  for (const [url, { symbols = [] }] of Object.entries(doc.nodes)) {
    table.set(
      url.slice(root.length),
      symbols.map(({ name, declarations }) => ({
        name,
        locations: declarations.map(({ location, def }) => {
          const { filename, line, col } = def?.target ?? location;
          return `${filename.slice(root.length)}:${line}:${col}`;
        }),
      })),
    );
  }
  return table;
}

if (import.meta.main) {
  const files = (await listFiles()).filter(isProduct);
  const table = await readExports(files, await importFlags());
  const { exports } = await readConfig();
  const breaches = [
    ...exportBreaches(table),
    ...entryBreaches(files, Object.values(exports)),
  ];
  for (const breach of breaches) printError(breach);
  print(`${table.size} files, ${breaches.length} breaches`);
  if (table.size === 0 || breaches.length > 0) Deno.exit(1);
}
