import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import type { Codec } from "../../channel/codecs/codec.ts";
import {
  startProcess,
  type TestProcess,
} from "../../transports/fixtures/start_process.ts";
import type { RemoteError } from "../../channel/errors.ts";
import { printableLines } from "../../transports/printable.ts";
import type { Stage } from "./conformance.ts";
import type { Layer } from "./matrix.ts";
import { PythonError } from "./python_peer.ts";

/** A server or container of `peer.py`. */
export interface Served {
  readonly handle: number;
  readonly address: string;
}

/** Returns the step's codec; JSON writes `NaN` like Python. */
export function looseCodec({ ctx, codec }: Stage): Codec {
  return codec === "json" ? json({ nonFinite: "python" }) : ctx.options.codec;
}

/** Returns the exception that aiomas raises. */
export async function raised(doing: Promise<unknown>): Promise<PythonError> {
  return await assertRejects(() => doing, PythonError);
}

/** Starts denomas in a separate process. */
export async function denomasProcess(
  stage: Stage,
  layer: Layer,
  address: string,
): Promise<TestProcess> {
  const file = "../../dev/interop/fixtures/deno_peer.ts";
  removing(stage, address);
  return stage.ctx.use(await startProcess(file, layer, address, stage.codec));
}

/** Removes the socket file that a killed process leaves behind. */
export function removing({ ctx }: Stage, address: string): void {
  const [, path] = /^ipc:\/\/\[(.*)\]/.exec(address) ?? [];
  if (path === undefined) return;
  ctx.use({
    [Symbol.asyncDispose]: () =>
      // A process that closed properly has already removed it.
      Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }),
  });
}

/** Expects a failure of a Python method, with a printable message. */
export function assertPythonFailure(
  { remoteName, message, content }: RemoteError,
  name: string,
  text: string,
): void {
  assertEquals([remoteName, message], [name, printableLines(text)]);
  assertStringIncludes(String(content), text);
}
