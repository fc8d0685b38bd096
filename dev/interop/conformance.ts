import { assertEquals, assertStringIncludes } from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { noteInReport, readTable, reportPath, STALE } from "./guide.ts";
import {
  type Cell,
  type Column,
  COLUMNS,
  isInRow,
  type Layer,
  parseCells,
  parseRows,
  type Row,
  type Side,
  versionLine,
  type Versions,
} from "./matrix.ts";
import { env, PythonPeer } from "./python_peer.ts";

/** The names of the codecs, which are the same on both sides. */
export type CodecName = "json" | "msgpack";

const CODECS = { json: json(), msgpack: msgpack() };

/** The context of a row's body. */
export interface Stage {
  /** The `withCtx` context of the step. */
  readonly ctx: Ctx;
  /** The aiomas process, which all steps of the file share. */
  readonly python: PythonPeer;
  /** The name of the step's codec. */
  readonly codec: CodecName;
  /** Closes an object of the Python peer at the end of the step. */
  closing<T extends number | { readonly handle: number }>(thing: T): T;
}

/** A row with its conditions. */
export interface RowOptions extends Row {
  /**
   * The only codec to test with.
   *
   * @default {each of them}
   */
  readonly codec?: CodecName;
  /**
   * The reason why the feature cannot work. The body then shows that it does
   * not.
   */
  readonly not?: string;
  /** The reason why the row does not run on Unix sockets. */
  readonly notOnUnix?: string;
}

/** The rows of this file, each once, in order. */
const rows: Row[] = [];
/** Cells whose result needs no run. */
const fixedCells: Cell[] = [];

/** The reason why tests are ignored, for their names; empty if they run. */
const leftOut: string = "missing" in env ? ` (left out: ${env.missing})` : "";

/**
 * A Python process for all steps of this file. It ends when its input ends,
 * with this process.
 */
const python = "missing" in env ? null : new PythonPeer();

/** Registers the test of a row; it is ignored if Python is missing. */
export function conformance(
  options: RowOptions,
  body: (stage: Stage) => Promise<void>,
): void {
  const row = addRow(options);
  const { codec, not, notOnUnix } = options;
  if (notOnUnix !== undefined) {
    for (const column of COLUMNS.filter((it) => it.startsWith("unix"))) {
      fixedCells.push({ ...row, column, found: { not: notOnUnix } });
    }
  }
  const name = `${row.layer}, ${row.serves} serves: ${row.feature}` +
    (codec === undefined ? "" : ` (${codec})`);
  const register = leftOut === "" ? withCtx : withCtx.ignore;
  register({
    name: name + leftOut,
    transports: notOnUnix === undefined ? ["tcp", "unix"] : ["tcp"],
    codecs: codec === undefined ? Object.values(CODECS) : [CODECS[codec]],
    timeoutMs: 30_000,
  }, async (ctx) => {
    await body(makeStage(ctx, python!));
    const column = `${ctx.transport} · ${ctx.options.codec.name}` as Column;
    const found = not === undefined ? "works" as const : { not };
    await noteCell({ ...row, column, found });
  });
}

/** Registers a row by its feature. */
export type RegisterRow<T> = (
  feature: string,
  body: (stage: Stage & T) => Promise<void>,
  options?: Partial<Pick<RowOptions, "codec" | "not">>,
) => void;

/**
 * Returns a function that registers rows whose bodies get the result of
 * `setUp`.
 */
export function rowsWith<T extends object>(
  layer: Layer,
  serves: Side,
  setUp: (stage: Stage) => Promise<T>,
): RegisterRow<T> {
  return (feature, body, options = {}) =>
    conformance({ layer, feature, serves, ...options }, async (stage) => {
      await body({ ...stage, ...await setUp(stage) });
    });
}

function addRow({ layer, feature, serves }: Row): Row {
  const row = { layer, feature, serves };
  if (!rows.some((it) => isInRow(it, row))) rows.push(row);
  return row;
}

function makeStage(ctx: Ctx, python: PythonPeer): Stage {
  ctx.use({ [Symbol.asyncDispose]: () => python.ask<void>("reset") });
  return {
    ctx,
    python,
    codec: ctx.options.codec.name as CodecName,
    closing(thing) {
      const on = typeof thing === "number" ? thing : thing.handle;
      const close = () => python.ask("close", { on });
      ctx.use({ [Symbol.asyncDispose]: async () => void await close() });
      return thing;
    },
  };
}

/** Reports a cell, or compares it with the guide. */
async function noteCell(cell: Cell): Promise<void> {
  if (reportPath !== undefined) return await noteInReport({ cells: [cell] });
  assertCell(await readTable(), cell);
}

function assertCell(table: string, cell: Cell): void {
  const told = parseCells(table).find((it) =>
    isInRow(it, cell) && it.column === cell.column
  );
  assertEquals(told, cell, STALE);
}

/** Registers tests that the guide contains exactly the rows of this file. */
export function checkGuide(layer: Layer): void {
  Deno.test(`docs/interop.md has the rows of ${layer} that are tested, in order`, async () => {
    if (reportPath !== undefined) {
      return await noteInReport({ rows, cells: fixedCells });
    }
    const table = await readTable();
    const told = parseRows(table).filter((row) => row.layer === layer);
    assertEquals(told, rows, STALE);
    for (const cell of fixedCells) assertCell(table, cell);
  });

  Deno.test({
    name: `docs/interop.md names the versions that are tested${leftOut}`,
    ignore: leftOut !== "",
    fn: async () => {
      const versions = await python!.ask<Versions>("versions");
      if (reportPath !== undefined) return await noteInReport({ versions });
      assertStringIncludes(await readTable(), versionLine(versions), STALE);
    },
  });
}
