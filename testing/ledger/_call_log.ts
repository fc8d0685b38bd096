import { isOwn, readWords } from "./_rpc_words.ts";
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
    const words = readWords(call.content);
    if (words?.path === "$/cancel") calls.delete(Number(words.args[0]));
    calls.set(id, call);
  }

  /** `channel` has got an answer. */
  answered(channel: object, id: number): void {
    this.#calls.get(channel)?.delete(id);
  }

  /**
   * Names the calls of `channel`, `pending` of which are said to be pending;
   * those that RPC makes on its own are left out.
   */
  describe(
    channel: object,
    pending: number,
    { isRpc }: { readonly isRpc: boolean },
  ): { readonly what: string; readonly stack: string | null }[] {
    const all = [...this.#calls.get(channel) ?? []];
    const calls = isRpc
      ? all.filter(([_id, { content }]) => !isOwn(readWords(content)))
      : all;
    // Calls that were given up, whose answers never came, are in the way.
    if (all.length !== pending) {
      const left = pending - (all.length - calls.length);
      return left <= 0
        ? []
        : [{ what: `pending calls (${left})`, stack: null }];
    }
    return calls.map(([id, { content, stack }]) => ({
      what: `pending call ${id} ${shorten(content)}`,
      stack,
    }));
  }
}
