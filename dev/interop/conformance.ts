import { assertEquals } from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { guide, noteInReport, reportPath, STALE } from "./guide.ts";
import {
  type Cell,
  type Column,
  COLUMNS,
  isInRow,
  parseCells,
  readSection,
  type Row,
} from "./matrix.ts";
import { env, PythonPeer } from "./python_peer.ts";

/** The names of the codecs, as both sides have them. */
export type CodecName = "json" | "msgpack";

const CODECS = { json: json(), msgpack: msgpack() };

/** What the body of a row works with. */
export interface Stage {
  /** The step; its memory is not used. */
  readonly ctx: Ctx;
  /** aiomas. */
  readonly python: PythonPeer;
  /** The name of the step's codec. */
  readonly codec: CodecName;
  /** Closes a thing over there at the end of the step. */
  closing<T extends number | { readonly handle: number }>(thing: T): T;
}

/** A row, and what it is about. */
export interface RowOptions extends Row {
  /**
   * With which codec.
   *
   * @default {with each}
   */
  readonly codec?: CodecName;
  /** Why it cannot work; the body shows that it does not. */
  readonly not?: string;
  /** Why there is no such thing on Unix sockets, where nothing is run then. */
  readonly notOnUnix?: string;
}

/** All rows that were registered, each once, in order. */
export const rows: Row[] = [];
/** What is known without a run. */
export const fixedCells: Cell[] = [];

/** Why the tests are ignored, for their names; empty if they are not. */
export const leftOut: string = "missing" in env
  ? ` (left out: ${env.missing})`
  : "";

/** Registers the test of a row; without Python it is left out. */
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
    await body(makeStage(ctx));
    const column = `${ctx.transport} · ${ctx.options.codec.name}` as Column;
    const found = not === undefined ? "works" as const : { not };
    await noteCell({ ...row, column, found });
  });
}

function addRow({ layer, feature, serves }: Row): Row {
  const row = { layer, feature, serves };
  if (!rows.some((it) => isInRow(it, row))) rows.push(row);
  return row;
}

function makeStage(ctx: Ctx): Stage {
  const python = ctx.use(new PythonPeer());
  return {
    ctx,
    python,
    codec: ctx.options.codec.name as CodecName,
    closing(thing) {
      const on = typeof thing === "number" ? thing : thing.handle;
      const close = () => python.do("close", { on });
      ctx.use({ [Symbol.asyncDispose]: async () => void await close() });
      return thing;
    },
  };
}

/** Tells what was found to who asked for it, or compares it with the guide. */
async function noteCell(cell: Cell): Promise<void> {
  if (reportPath !== undefined) return await noteInReport({ cells: [cell] });
  const told = parseCells(readSection(await guide())).find((it) =>
    isInRow(it, cell) && it.column === cell.column
  );
  assertEquals(told, cell, STALE);
}
