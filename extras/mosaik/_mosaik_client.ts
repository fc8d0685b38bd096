import type { Mosaik } from "./mosaik.ts";

/**
 * Returns the calls of a simulator to mosaik, which leave one after the other
 * by `send`. `setsEvents` tells whether the simulator has told mosaik that it
 * sets events.
 */
export function mosaikClient(
  signal: AbortSignal,
  send: (content: unknown) => Promise<unknown>,
  setsEvents: () => boolean,
): Mosaik {
  /** Settles with the newest call, and never rejects. */
  let last: Promise<unknown> = Promise.resolve();
  // The type stands for whatever mosaik answers.
  const call = (name: string, ...args: unknown[]): Promise<never> => {
    const reply = last.then(() => send([name, args, {}]));
    last = reply.catch(() => {});
    return reply as Promise<never>;
  };
  return {
    signal,
    getProgress: () => call("get_progress"),
    getRelatedEntities: (fullIds: string | readonly string[] | null = null) =>
      call("get_related_entities", fullIds),
    async setEvent(time) {
      if (!setsEvents()) {
        throw new TypeError(
          "Cannot set an event: the meta does not say so, give it 'set_events: true'",
        );
      }
      if (!Number.isSafeInteger(time) || time < 0) {
        throw new RangeError(
          `Cannot set an event at ${time}: the time must be an integer from 0`,
        );
      }
      await call("set_event", time);
    },
    getData: (attributes) => call("get_data", attributes),
    async setData(data) {
      await call("set_data", data);
    },
  };
}
