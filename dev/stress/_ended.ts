import type { TrialWorld } from "./_trial.ts";
import { rest } from "./_weather.ts";
import type { Works } from "./_works.ts";

/** How long it may take until a lost client is noticed, in milliseconds. */
const NOTICED_MS = 5_000;

/** Waits until something is so; tells whether it came to be. */
export async function comesTrue(
  isSo: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const until = performance.now() + NOTICED_MS;
  while (performance.now() < until) {
    if (await isSo()) return true;
    await rest(1);
  }
  return false;
}

/** Whatever served clients that are gone must have been ended. */
export async function checkEnded(
  works: Works,
  { tally, name }: TrialWorld,
): Promise<void> {
  if (await comesTrue(() => works.underWay === 0)) return;
  tally.breach(
    `${name}: ${works.underWay} streams and calls were never ended`,
  );
}
