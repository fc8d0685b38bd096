/**
 * Type checks all code: package, tests, examples, benchmarks and tools, and the
 * examples in comments and guides. Page scripts are checked separately, since
 * browser types are available only there.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { isGuide, listFiles } from "./_project.ts";
import { importFlags } from "./npm_std.ts";

/** Runs the check and returns its exit code. */
export async function checkTypes(flags: readonly string[]): Promise<number> {
  const groups = Map.groupBy(
    (await listFiles()).filter((it) => it.endsWith(".ts") || isGuide(it)),
    (file) => file.includes("/page/"),
  );
  for (const files of groups.values()) {
    const args = ["check", "--quiet", "--doc", ...flags, ...files];
    const code = await runDeno(args);
    if (code !== 0) return code;
  }
  return 0;
}

if (import.meta.main) Deno.exit(await checkTypes(await importFlags()));
