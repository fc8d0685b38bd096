/**
 * Checks that every name that users can reach is documented.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { readConfig } from "./_project.ts";
import { importFlags } from "./npm_std.ts";

/** Runs `deno doc --lint` on every entry and returns its exit code. */
export async function lintDocs(flags: readonly string[]): Promise<number> {
  const { exports } = await readConfig();
  return await runDeno(["doc", "--lint", ...flags, ...Object.values(exports)]);
}

if (import.meta.main) Deno.exit(await lintDocs(await importFlags()));
