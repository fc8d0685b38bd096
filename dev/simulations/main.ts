/**
 * Runs the project's own simulations for long: `--seeds=N` for each of them, the
 * beginnings of their names to choose some.
 *
 * @module
 */

import { printError } from "../checks/_print.ts";
import { runTests } from "../checks/test.ts";
import { importFlags } from "../checks/npm_std.ts";

/** How many seeds are run where none are named. */
const SEEDS = "1000";

if (import.meta.main) {
  const [seeds = SEEDS] = Deno.args.flatMap((it) =>
    it.startsWith("--seeds=") ? [it.slice("--seeds=".length)] : []
  );
  const unknown = Deno.args.find((it) =>
    it.startsWith("-") && !it.startsWith("--seeds=")
  );
  if (unknown !== undefined) {
    printError(`Running simulations: no option '${unknown}', wanted --seeds=N`);
    Deno.exit(2);
  }
  const names = Deno.args.filter((it) => !it.startsWith("-"));
  const paths = (names.length > 0 ? names : [""])
    .map((name) => `dev/simulations/${name}`);
  const env = { DENOMAS_SEEDS: seeds };
  Deno.exit(await runTests(paths, await importFlags(), env));
}
