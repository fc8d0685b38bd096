import type { Transport } from "../../transports/transport.ts";
import type { World } from "../../transports/internal.ts";
import type { Random } from "../network/random.ts";
import type { Scheduler } from "./_scheduler.ts";
import { currentProcess, type SimulatedProcess } from "./_process.ts";

/** The wall-clock time at which each run begins: 1 January 2030. */
const EPOCH_MS = Date.UTC(2030, 0);

/** Returns the wall-clock time of the running code, in milliseconds. */
export function virtualWallTime(
  scheduler: Scheduler,
  root: SimulatedProcess,
): number {
  const { skewMs } = currentProcess() ?? root;
  return Math.floor(EPOCH_MS + scheduler.now + skewMs);
}

/** Returns a UUID of version 4 by `random`. */
export function randomUuid(random: Random): string {
  const digits = "xxxxxxxx-xxxx-4xxx-Nxxx-xxxxxxxxxxxx";
  return digits.replace(/[xN]/g, (place) => {
    const digit = Math.floor(random() * 16);
    return (place === "x" ? digit : (digit & 3) | 8).toString(16);
  });
}

/** Returns the sources of time and chance that the package itself uses. */
export function virtualWorld(
  scheduler: Scheduler,
  root: SimulatedProcess,
  memory: Transport,
): World {
  const random = () => (currentProcess() ?? root).ownRandom();
  return {
    now: () => scheduler.now,
    wallNow: () => virtualWallTime(scheduler, root),
    random,
    uuid: () => randomUuid(random),
    setTimer: (ms, action) => scheduler.setTimer(ms, action),
    nextTurn: () => new Promise((resolve) => scheduler.defer(resolve)),
    turns: scheduler.turns,
    uncountedTurn: () =>
      new Promise((resolve) => scheduler.defer(resolve, false)),
    defer: (action) => void scheduler.defer(action),
    memory,
  };
}
