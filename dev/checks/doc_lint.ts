/**
 * Checks that every name that users can reach is documented.
 *
 * @module
 */

import { ROOT } from "./_project.ts";
import { print, printError } from "./_print.ts";
import { readConfig } from "./_project.ts";
import { importFlags } from "./npm_std.ts";

/**
 * The diagnostic to ignore: a public type may refer to types that no entry
 * exports. Types that only name a part of another type stay out of the lists of
 * names.
 */
const ALLOWED = "private-type-ref";

/** Returns the relevant diagnostics of `deno doc --lint`. */
export function docBreaches(output: string): string[] {
  return output.split(/^(?=error\[)/m)
    .filter((it) => it.startsWith("error["))
    .filter((it) => !it.startsWith(`error[${ALLOWED}]`))
    .map((it) => it.replace(/\nerror: Found [^]*/, "").trim());
}

/** Runs `deno doc --lint` on every entry and returns an exit code. */
export async function lintDocs(flags: readonly string[]): Promise<number> {
  const { exports } = await readConfig();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...flags, ...Object.values(exports)],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  const output = new TextDecoder().decode(stderr);
  const breaches = docBreaches(output);
  for (const breach of breaches) printError(breach);
  print(`${breaches.length} names or parts without documentation`);
  if (breaches.length > 0) return 1;
  if (success || output.includes(`error[${ALLOWED}]`)) return 0;
  printError(output);
  return 1;
}

if (import.meta.main) Deno.exit(await lintDocs(await importFlags()));
