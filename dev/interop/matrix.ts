/**
 * The rows and cells of the table in `docs/interop.md`.
 *
 * @module
 */

/** The layers, in the order of the table. */
export const LAYERS = ["channel", "rpc", "agents"] as const;
/** Who serves; the other one calls. */
export const SIDES = ["aiomas", "denomas"] as const;
/** The columns, as the steps of `withCtx` name them. */
export const COLUMNS = [
  "tcp · json",
  "tcp · msgpack",
  "unix · json",
  "unix · msgpack",
] as const;

/** A layer of both. */
export type Layer = typeof LAYERS[number];
/** One of the two. */
export type Side = typeof SIDES[number];
/** Transport and codec. */
export type Column = typeof COLUMNS[number];

/** A feature in a layer, seen while `serves` serves. */
export interface Row {
  readonly layer: Layer;
  readonly feature: string;
  readonly serves: Side;
}

/** What a run found in a cell: that it works, or why it cannot. */
export interface Cell extends Row {
  readonly column: Column;
  readonly found: "works" | { readonly not: string };
}

/** The versions of what is tested with. */
export interface Versions {
  readonly aiomas: string;
  readonly arrow: string;
  readonly msgpack: string;
}

const BEGIN = "<!-- interop: begin, made by `deno task interop --write` -->";
const END = "<!-- interop: end -->";

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

/** The notes of a table: each reason once, counted from 1. */
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

/** The section of the guide that tells what was found, without its marks. */
export function renderSection(
  rows: readonly Row[],
  cells: readonly Cell[],
  versions: Versions,
): string {
  const notes = new Notes();
  const tables = LAYERS.map((layer) => {
    const lines = rows.filter((row) => row.layer === layer)
      .map((row) => renderRow(row, cells, notes));
    return `### ${TITLES[layer]}\n\n${renderTable([HEAD, ...lines])}`;
  });
  return [
    versionLine(versions),
    ...tables,
    "### Why not",
    notes.lines.join("\n"),
  ].join("\n\n");
}

/** What the table is about. It holds what is pinned, and no more. */
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

/** Whether two rows are the same, or a cell is in a row. */
export function isInRow(cell: Row, row: Row): boolean {
  return cell.layer === row.layer && cell.feature === row.feature &&
    cell.serves === row.serves;
}

/** Aligned as `deno fmt` does. */
function renderTable(lines: readonly (readonly string[])[]): string {
  const widths = lines[0]!.map((_, at) =>
    Math.max(3, ...lines.map((line) => line[at]!.length))
  );
  const render = (line: readonly string[]) =>
    `| ${line.map((it, at) => it.padEnd(widths[at]!)).join(" | ")} |`;
  const rule = `| ${widths.map((it) => "-".repeat(it)).join(" | ")} |`;
  const [head, ...body] = lines.map(render);
  return [head, rule, ...body].join("\n");
}

/** The marked section of a guide. */
export function readSection(guide: string): string {
  const [begin, end] = [guide.indexOf(BEGIN), guide.indexOf(END)];
  if (begin === -1 || end < begin) {
    throw new Error(`Cannot find the table: the guide has no '${BEGIN}'`);
  }
  return guide.slice(begin + BEGIN.length, end).trim();
}

/** The guide with another section in the place of the marked one. */
export function replaceSection(guide: string, section: string): string {
  readSection(guide);
  const [before] = guide.split(BEGIN);
  const [, after] = guide.split(END);
  return `${before}${BEGIN}\n\n${section}\n\n${END}${after}`;
}

/** The rows that a section shows, in its order. */
export function parseRows(section: string): Row[] {
  return parseLines(section).map(({ row }) => row);
}

/** The cells that a section shows. */
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

/** The lines of the tables: rows, and what is in their columns. */
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
