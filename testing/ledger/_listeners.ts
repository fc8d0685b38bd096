import { getEventListeners } from "node:events";

/** The events to check: `globalThis` does not reveal which have listeners. */
const EVENTS = [
  "beforeunload",
  "error",
  "load",
  "message",
  "rejectionhandled",
  "unhandledrejection",
  "unload",
] as const;

/** Counts the listeners of `globalThis`, by event. */
export function countListeners(): Map<string, number> {
  return new Map(
    EVENTS.map((event) => [
      event,
      getEventListeners(globalThis as never, event).length,
    ]),
  );
}

/** Describes the listeners of `globalThis` that were added after `before`. */
export function listenersSince(before: ReadonlyMap<string, number>): string[] {
  return [...countListeners()].flatMap(([event, count]) => {
    const added = count - (before.get(event) ?? 0);
    const text = `listener of '${event}' on 'globalThis'`;
    return added > 0 ? Array<string>(added).fill(text) : [];
  });
}
