import { world } from "./_world.ts";

/**
 * While it is busy, Deno 2.9 looks at its sockets once in so many turns of the
 * event loop (61, the `event_interval` of tokio): data on another socket was
 * seen after 56 to 62 turns.
 */
const TURNS_UNTIL_SOCKETS = 64;

/**
 * Resolves when the event loop has looked at all sockets. It takes 0.2 ms; the
 * shortest timer, which would do as well, takes 2.
 */
export function socketsSeen(): Promise<void> {
  return new Promise((resolve) => wait(TURNS_UNTIL_SOCKETS, resolve));
}

function wait(turns: number, then: () => void): void {
  world.defer(turns === 1 ? then : () => wait(turns - 1, then));
}
