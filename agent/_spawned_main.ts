import { runHome } from "./_spawned_home.ts";
import { loaded, parent } from "./_spawned_stdin.ts";

/** Runs a spawned process, to its end. */
export async function main(): Promise<never> {
  loaded();
  Deno.exit(await runHome(parent) ? 0 : 1);
}
