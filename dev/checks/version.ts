/**
 * Checks that a tag names the version of `deno.json`: `version.ts v1.2.3`.
 *
 * @module
 */

import { print, printError } from "./_print.ts";
import { readConfig } from "./_project.ts";

if (import.meta.main) {
  const { version } = await readConfig();
  const [tag] = Deno.args;
  if (tag !== `v${version}`) {
    printError(`Releasing '${tag}': 'deno.json' says '${version}'`);
    Deno.exit(1);
  }
  print(`Tag and deno.json agree on ${version}`);
}
