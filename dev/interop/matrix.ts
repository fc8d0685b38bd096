/**
 * The rows and cells of the table in `docs/interop.md`.
 *
 * @module
 */

import { formatMarkdown } from "../shared/tables.ts";

/** The layers, in the order of the table. */
export const LAYERS = ["channel", "rpc", "agents"] as const;
/** The sides: one serves, the other calls. */
export const SIDES = ["aiomas", "denomas"] as const;
/** The columns, with the names of `withCtx` steps. */
export const COLUMNS = [
  "tcp · json",
  "tcp · msgpack",
  "unix · json",
  "unix · msgpack",
] as const;

/** A layer. */
export type Layer = typeof LAYERS[number];
/** A side. */
export type Side = typeof SIDES[number];
/** A transport with a codec. */
export type Column = typeof COLUMNS[number];

/** A feature of a layer, tested while `serves` serves. */
export interface Row {
  readonly layer: Layer;
  readonly feature: string;
  readonly serves: Side;
}

/** A cell: the feature works, or the reason why it cannot. */
export interface Cell extends Row {
  readonly column: Column;
  readonly found: "works" | { readonly not: string };
}

/** The versions of the Python packages. */
export interface Versions {
  readonly aiomas: string;
  readonly arrow: string;
  readonly msgpack: string;
}

const TITLES: Readonly<Record<Layer, string>> = {
  channel: "Channels",
  rpc: "RPC",
  agents: "Agents",
};

const HEAD = ["", "Serves", ...COLUMNS.map(columnTitle)];

function columnTitle(column: Column): string {
  return column
    .replace("tcp", "TCP").replace("unix", "Unix")
    .replace("json", "JSON").replace("msgpack", "MsgPack")
    .replace(" · ", ", ");
}

/** The footnotes of the tables: each reason appears once, numbered from 1. */
class Notes {
  readonly #notes: string[] = [];

  mark(found: Cell["found"] | undefined): string {
    if (found === undefined) return "";
    if (found === "works") return "✓";
    let at = this.#notes.indexOf(found.not);
    if (at === -1) at = this.#notes.push(found.not) - 1;
    return `– (${at + 1})`;
  }

  get lines(): string[] {
    return this.#notes.map((note, at) => `${at + 1}. ${note}`);
  }
}

/** Returns the section of the guide. */
export function renderSection(
  rows: readonly Row[],
  cells: readonly Cell[],
  versions: Versions,
): string {
  const notes = new Notes();
  const tables = LAYERS.map((layer) => {
    const lines = rows.filter((row) => row.layer === layer)
      .map((row) => renderRow(row, cells, notes));
    return `### ${TITLES[layer]}\n\n${formatMarkdown([[HEAD, ...lines]])}`;
  });
  return [
    versionLine(versions),
    ...tables,
    "### Why not",
    notes.lines.join("\n"),
  ].join("\n\n");
}

/** Returns the line that names the versions. */
export function versionLine({ aiomas, arrow, msgpack }: Versions): string {
  return `aiomas ${aiomas}, with arrow ${arrow} and msgpack ${msgpack}.`;
}

function renderRow(row: Row, cells: readonly Cell[], notes: Notes): string[] {
  const marks = COLUMNS.map((column) =>
    notes.mark(
      cells.find((cell) => isInRow(cell, row) && cell.column === column)?.found,
    )
  );
  return [row.feature, row.serves, ...marks];
}

/** Returns whether a row or cell belongs to `row`. */
export function isInRow(cell: Row, row: Row): boolean {
  return cell.layer === row.layer && cell.feature === row.feature &&
    cell.serves === row.serves;
}

/** Returns the rows of a section, in order. */
export function parseRows(section: string): Row[] {
  return parseLines(section).map(({ row }) => row);
}

/** Returns the cells of a section. */
export function parseCells(section: string): Cell[] {
  const notes = new Map(
    [...section.matchAll(/^(\d+)\. (.*)$/gm)].map(([, at, note]) => [at, note]),
  );
  return parseLines(section).flatMap(({ row, marks }) =>
    marks.map((mark, at) => {
      const note = /\((\d+)\)/.exec(mark)?.[1];
      const found = mark === "✓"
        ? "works"
        : { not: notes.get(note) ?? `there is no note for '${mark}'` };
      return { ...row, column: COLUMNS[at]!, found };
    })
  );
}

/** Returns the lines of the tables: rows with the marks in their columns. */
function parseLines(section: string): { row: Row; marks: string[] }[] {
  return LAYERS.flatMap((layer) => {
    const [, table = ""] = section.split(`### ${TITLES[layer]}\n`);
    const lines = table.split("\n### ")[0]!.matchAll(/^\| (.*) \|$/gm);
    return [...lines].flatMap(([, line]) => {
      const [feature = "", side, ...marks] = line!.split("|")
        .map((it) => it.trim());
      const serves = SIDES.find((it) => it === side);
      return serves === undefined
        ? []
        : [{ row: { layer, feature, serves }, marks }];
    });
  });
}
