import { fastForward } from "../../agent/clock/pace.ts";
import type { ExternalClock } from "../../agent/clock/external_clock.ts";
import { settleInProcess } from "../../agent/clock/settle.ts";
import { abortable, pause } from "../../channel/internal.ts";
import type { Traffic } from "../ledger/_traffic.ts";

/**
 * How long containers wait for messages that a faulty network may hold back.
 */
const HELD_MS = 250;

/** The number of checks without a pause. */
const EAGER_LOOKS = 200;

/**
 * The maximum number of checks for messages that a faulty network may hold
 * back. A time limit would not do: it could pass before a busy machine has read
 * its sockets.
 */
const MOST_LOOKS = EAGER_LOOKS + 200;

/**
 * Advances the clock of a step, which stands still while a message is in
 * transit between channels of the step, on any transport. Messages that the
 * network of the step holds back or loses are not waited for, since they do not
 * arrive.
 */
export async function fastForwardStep(
  clock: ExternalClock,
  traffic: Pick<Traffic, "underWay">,
  options: {
    readonly until?: number | undefined;
    readonly signal: AbortSignal;
    /** Whether the step has a network, which may hold or lose messages. */
    readonly hasNetwork: boolean;
  },
): Promise<void> {
  const { hasNetwork, signal, until } = options;
  const work = fastForward(clock, {
    signal,
    until,
    lostAfterMs: hasNetwork ? HELD_MS : undefined,
    // Without a network, each message arrives or its connection ends.
    settle: (signal) =>
      settleAll(traffic, hasNetwork ? MOST_LOOKS : Infinity, signal),
  });
  await abortable(work, signal);
}

async function settleAll(
  traffic: Pick<Traffic, "underWay">,
  mostLooks: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  let seen = -1;
  for (let looks = 1; looks <= mostLooks; looks++) {
    await settleInProcess(signal);
    const { underWay } = traffic;
    if (underWay === 0) return;
    if (underWay !== seen) looks = 1;
    seen = underWay;
    if (looks > EAGER_LOOKS) await pause(1, signal);
  }
}
