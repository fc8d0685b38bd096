import { onInterruption } from "./interruption.ts";
import { print } from "./print.ts";

/** A demo, which throws if anything is not as expected. */
export type Demo = (signal: AbortSignal) => Promise<void>;

/**
 * Runs demos one after the other as the main program. The exit code is 0 only
 * if all of them succeed; an interruption ends the current one.
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
    // After an interruption, other errors are its consequence.
    print(`\n${interruption.signal.reason ?? error}`);
    Deno.exitCode = 1;
  }
}
