import { runHome } from "./_run_container.ts";
import { loaded, parent } from "./_stdin.ts";

/** Runs a spawned process, to its end. */
export async function main(): Promise<never> {
  loaded();
  Deno.exit(await runHome(parent) ? 0 : 1);
}
