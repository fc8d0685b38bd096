import { shorten } from "./_sequence_chart.ts";

/** A call that was sent. */
export interface LoggedCall {
  readonly content: unknown;
  /** Where it was sent, if that is traced. */
  readonly stack: string | null;
}

/** Remembers the calls of each channel until they are answered. */
export class CallLog {
  readonly #calls = new WeakMap<object, Map<number, LoggedCall>>();

  /** `channel` has sent a call. */
  sent(channel: object, id: number, call: LoggedCall): void {
    let calls = this.#calls.get(channel);
    if (calls === undefined) this.#calls.set(channel, calls = new Map());
    calls.set(id, call);
  }

  /** `channel` has got an answer. */
  answered(channel: object, id: number): void {
    this.#calls.get(channel)?.delete(id);
  }

  /** Names the calls of `channel`, `pending` of which are said to be pending. */
  describe(
    channel: object,
    pending: number,
  ): { readonly what: string; readonly stack: string | null }[] {
    const calls = [...this.#calls.get(channel) ?? []];
    // Calls that were given up, whose answers never came, are in the way.
    if (calls.length !== pending) {
      return [{ what: `pending calls (${pending})`, stack: null }];
    }
    return calls.map(([id, { content, stack }]) => ({
      what: `pending call ${id} ${shorten(content)}`,
      stack,
    }));
  }
}
