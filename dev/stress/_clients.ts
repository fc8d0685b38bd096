import { isLoss } from "./_losses.ts";
import type { TrialWorld } from "./_trial.ts";
import { rest } from "./_weather.ts";

/** So many clients, each of which comes again and again. */
export function visitUntil(
  count: number,
  visit: () => Promise<void>,
  { until, tally, name }: TrialWorld,
): Promise<void>[] {
  return Array.from({ length: count }, async () => {
    while (performance.now() < until) {
      tally.add("clients");
      try {
        await visit();
      } catch (error) {
        // Nobody could be reached: one attempt, which may have been cut off.
        if (!isLoss(error) && !isTimeUp(error)) {
          tally.breach(`${name}: a client failed by ${Deno.inspect(error)}`);
        }
        await rest(1);
      }
    }
  });
}

function isTimeUp(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
