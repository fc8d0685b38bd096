/**
 * Runs one of the project's programs: `run.ts <file> [argument …]`.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { printError } from "./_print.ts";
import { importFlags } from "./npm_std.ts";

if (import.meta.main) {
  if (Deno.args.length === 0) {
    printError("Running a program: no file given, name one as first argument");
    Deno.exit(2);
  }
  Deno.exit(
    await runDeno(["run", "-A", ...await importFlags(), ...Deno.args]),
  );
}
