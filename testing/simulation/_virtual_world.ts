import type { World } from "../../transports/internal.ts";
import type { Random } from "../network/random.ts";
import type { Scheduler } from "./_scheduler.ts";
import { currentProcess, isOutside } from "./_process.ts";

/** The wall-clock time at which each run begins: 1 January 2030. */
const EPOCH_MS = Date.UTC(2030, 0);

/** Returns the wall-clock time of the running code, in milliseconds. */
export function virtualWallTime(scheduler: Scheduler): number {
  const { skewMs } = currentProcess()!;
  return Math.floor(EPOCH_MS + scheduler.now + skewMs);
}

/** Returns a version 4 UUID from `random`. */
export function randomUuid(random: Random): string {
  const digits = "xxxxxxxx-xxxx-4xxx-Nxxx-xxxxxxxxxxxx";
  return digits.replace(/[xN]/g, (place) => {
    const digit = Math.floor(random() * 16);
    return (place === "x" ? digit : (digit & 3) | 8).toString(16);
  });
}

/**
 * Returns the sources of time and randomness that the package itself uses. Code
 * outside of the run, such as a loop that an earlier test has left behind, gets
 * those of `outside`.
 */
export function virtualWorld(
  scheduler: Scheduler,
  { memory, note }: Required<Pick<World, "memory" | "note">>,
  outside: World,
): World {
  const random = () => currentProcess()!.ownRandom();
  const inside: World = {
    now: () => scheduler.now,
    wallNow: () => virtualWallTime(scheduler),
    random,
    uuid: () => randomUuid(random),
    setTimer: (ms, action) => scheduler.setTimer(ms, action),
    nextTurn: () => new Promise((resolve) => scheduler.defer(resolve)),
    turns: scheduler.turns,
    uncountedTurn: () =>
      new Promise((resolve) => scheduler.defer(resolve, false)),
    defer: (action) => void scheduler.defer(action),
    memory,
    note,
  };
  return new Proxy(inside, {
    get: (_inside, name) => Reflect.get(isOutside() ? outside : inside, name),
  });
}
