import { setRealTimer, type WorldTimer } from "../../transports/internal.ts";

/** Something that goes on until it is stopped. */
export interface Repeated {
  /** Repeatable. */
  stop(): void;
}

/** Calls `action` again and again, without keeping the process alive. */
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
 * Calls `again` now and then until it is stopped, and `late` after `limitMs`: a
 * question that was on its way when the one who was asked died is never answered,
 * but the next one is, by the server.
 */
export function remind(
  limitMs: number,
  { again, late }: { again(): void; late(): void },
): Repeated {
  let left = REMINDERS;
  return repeat(limitMs / left, () => --left > 0 ? again() : late());
}

const REMINDERS = 10;
