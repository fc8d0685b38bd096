/**
 * Type checks all code: package, tests, examples, benchmarks and tools, and
 * the examples in comments and guides.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { isGuide, listFiles } from "./_project.ts";
import { importFlags } from "./npm_std.ts";

/** Runs the check and returns its exit code. */
export async function checkTypes(flags: readonly string[]): Promise<number> {
  const files = (await listFiles()).filter((file) =>
    file.endsWith(".ts") || isGuide(file)
  );
  return await runDeno(["check", "--quiet", "--doc", ...flags, ...files]);
}

if (import.meta.main) Deno.exit(await checkTypes(await importFlags()));
