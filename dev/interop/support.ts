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
import { MANY } from "./values.ts";

/** What `peer.py` tells of what it serves. */
export interface Served {
  readonly handle: number;
  readonly address: string;
}

/** The step's codec; under JSON one that writes `NaN` as Python does. */
export function looseCodec({ ctx, codec }: Stage): Codec {
  return codec === "json" ? json({ nonFinite: "python" }) : ctx.options.codec;
}

/** Whether all of many calls at once get their own answers. */
export async function flood(
  send: (value: number) => Promise<unknown>,
): Promise<void> {
  const values = Array.from({ length: MANY }, (_, i) => i);
  assertEquals(await Promise.all(values.map(send)), values);
}

/** What aiomas raises when it does this. */
export async function raised(doing: Promise<unknown>): Promise<PythonError> {
  return await assertRejects(() => doing, PythonError);
}

/** Starts denomas in a process of its own. */
export async function denomasProcess(
  stage: Stage,
  layer: Layer,
  address: string,
): Promise<TestProcess> {
  const file = "../../interop/fixtures/deno_peer.ts";
  removing(stage, address);
  return stage.ctx.use(await startProcess(file, layer, address, stage.codec));
}

/** Removes the socket that a killed process leaves. */
export function removing({ ctx }: Stage, address: string): void {
  const [, path] = /^ipc:\/\/\[(.*)\]$/.exec(address) ?? [];
  if (path === undefined) return;
  ctx.use({
    [Symbol.asyncDispose]: () =>
      // Whoever has closed in good order has removed it.
      Deno.remove(path).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }),
  });
}

/**
 * Expects the failure of a Python method. Its message is escaped, since it may
 * reach a terminal; its content is as it arrived.
 */
export function assertPythonFailure(
  { remoteName, message, content }: RemoteError,
  name: string,
  text: string,
): void {
  assertEquals([remoteName, message], [name, printableLines(text)]);
  assertStringIncludes(String(content), text);
}
