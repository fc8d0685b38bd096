import { fastForward } from "../../agent/clock/pace.ts";
import type { ExternalClock } from "../../agent/clock/external_clock.ts";
import { settleInProcess } from "../../agent/clock/settle.ts";
import { abortable, pause } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { Traffic } from "../ledger/_traffic.ts";

/** How long a run waits for messages of which none arrives, in real time. */
const STALLED_MS = 250;

/** How long a run looks again without a pause. */
const EAGER_MS = 20;

/**
 * Runs the clock of a step, which stands still while a message is on its way
 * between channels of the step, on any transport. Messages that the network of
 * the step holds back or loses are not waited for: none arrives.
 */
export async function fastForwardStep(
  clock: ExternalClock,
  traffic: Pick<Traffic, "underWay">,
  options: {
    readonly until?: number | undefined;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const work = fastForward(clock, {
    ...options,
    lostAfterMs: STALLED_MS,
    settle: (signal) => settleAll(traffic, signal),
  });
  await abortable(work, options.signal);
}

async function settleAll(
  traffic: Pick<Traffic, "underWay">,
  signal: AbortSignal | undefined,
): Promise<void> {
  let seen = -1;
  let since = world.now();
  for (;;) {
    await settleInProcess(signal);
    const { underWay } = traffic;
    if (underWay === 0) return;
    if (underWay !== seen) since = world.now();
    seen = underWay;
    const waitedMs = world.now() - since;
    if (waitedMs > STALLED_MS) return;
    if (waitedMs > EAGER_MS) await pause(1, signal);
  }
}
