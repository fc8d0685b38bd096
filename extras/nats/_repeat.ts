import { setRealTimer, type WorldTimer } from "../../transports/internal.ts";

/** A repeated action. */
export interface Repeated {
  /** Repeatable. */
  stop(): void;
}

/**
 * Calls `action` every `ms` milliseconds, without keeping the process alive.
 */
export function repeat(ms: number, action: () => void): Repeated {
  let timer: WorldTimer;
  const arm = () => {
    timer = setRealTimer(ms, () => {
      arm();
      action();
    });
    timer.unref();
  };
  arm();
  return { stop: () => timer.stop() };
}

/**
 * Calls `again` at intervals until it is stopped, and `late` after `limitMs`. A
 * request in flight when its receiver dies is never answered, but the server
 * answers a repeated one.
 */
export function remind(
  limitMs: number,
  { again, late }: { again(): void; late(): void },
): Repeated {
  let left = REMINDERS;
  return repeat(limitMs / left, () => --left > 0 ? again() : late());
}

const REMINDERS = 10;
