import { onInterruption } from "./interruption.ts";
import { print } from "./print.ts";

/** A demo, which throws if anything was not as it should be. */
export type Demo = (signal: AbortSignal) => Promise<void>;

/**
 * Runs demos, one after the other, as this program. Its exit code is 0 only if
 * all of them succeeded; an interruption ends the one that runs.
 */
export async function runDemo(...demos: readonly Demo[]): Promise<void> {
  const interruption = new AbortController();
  onInterruption(() => interruption.abort("The demo was interrupted"));
  try {
    for (const demo of demos) {
      print("");
      await demo(interruption.signal);
      interruption.signal.throwIfAborted();
    }
  } catch (error) {
    // What fails then, fails because of it.
    print(`\n${interruption.signal.reason ?? error}`);
    Deno.exitCode = 1;
  }
}
