import { abortable } from "../../channel/internal.ts";
import { notify, withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { printable } from "../../transports/printable.ts";
import type { WatchDesk } from "../supervision/_watch_desk.ts";

/** The time limit for another container to confirm a watch. */
const BEGIN_MS = 10_000;

/** The maximum length of a shown reason from another container. */
const MAX_REASON_LENGTH = 500;

/** A watch of one agent, shared by all its waiters. */
interface Watch {
  readonly id: string;
  readonly key: number;
  readonly gone: PromiseWithResolvers<string>;
  waiting: number;
  /** Whether the other container has confirmed the watch. */
  hasBegun: boolean;
}

/** The agents of another container that this one watches. */
export class Watches {
  readonly #deskOf: () => Remote<WatchDesk>;
  readonly #byId = new Map<string, Watch>();
  readonly #byKey = new Map<number, Watch>();
  #nextKey = 0;
  /** Ends the stream of news, which is open while there are watches. */
  #reading: AbortController | null = null;

  /** `deskOf` returns the watch desk of the other container. */
  constructor(deskOf: () => Remote<WatchDesk>) {
    this.#deskOf = deskOf;
  }

  /**
   * Resolves to a reason when the agent is gone. Rejects when the connection
   * ends, or with the reason of `signal`.
   */
  async watch(id: string, signal: AbortSignal): Promise<string> {
    const watch = this.#byId.get(id) ?? this.#begin(id);
    watch.waiting++;
    try {
      return await abortable(watch.gone.promise, signal);
    } finally {
      if (--watch.waiting === 0 && this.#end(watch)) {
        notify(this.#deskOf()).end(watch.key);
      }
    }
  }

  #begin(id: string): Watch {
    const gone = Promise.withResolvers<string>();
    const watch: Watch = {
      id,
      key: this.#nextKey++,
      gone,
      waiting: 0,
      hasBegun: false,
    };
    // All waiters may have left by then.
    gone.promise.catch(() => {});
    this.#byId.set(id, watch);
    this.#byKey.set(watch.key, watch);
    const options = { timeoutMs: BEGIN_MS };
    withOptions(this.#deskOf(), options).begin(watch.key, id).then(
      (reason: unknown) => {
        if (reason === null) {
          watch.hasBegun = true;
          return this.#read();
        }
        this.#end(watch);
        gone.resolve(readReason(reason));
      },
      (error) => {
        this.#end(watch);
        gone.reject(error);
      },
    );
    return watch;
  }

  /** Removes a watch. Returns whether it was still active. */
  #end(watch: Watch): boolean {
    if (this.#byId.get(watch.id) === watch) this.#byId.delete(watch.id);
    const isNew = this.#byKey.delete(watch.key);
    if (this.#byKey.size === 0) {
      this.#reading?.abort();
      this.#reading = null;
    }
    return isNew;
  }

  #read(): void {
    if (this.#reading !== null || this.#byKey.size === 0) return;
    const reading = this.#reading = new AbortController();
    this.#readNews(reading.signal).catch((error) => {
      if (this.#reading === reading) this.fail(() => error);
    });
  }

  /** Rejects all confirmed watches with one error. */
  fail(errorOf: () => unknown): void {
    if (this.#byKey.size === 0) return;
    const error = errorOf();
    for (const watch of [...this.#byKey.values()]) {
      if (!watch.hasBegun) continue;
      this.#end(watch);
      watch.gone.reject(error);
    }
  }

  async #readNews(signal: AbortSignal): Promise<void> {
    const options = { signal, timeoutMs: Infinity };
    const desk = withOptions(this.#deskOf(), options);
    const news: AsyncIterable<unknown> = await desk.news();
    for await (const told of news) {
      const [key, reason] = Array.isArray(told) ? told : [];
      const watch = this.#byKey.get(key);
      if (watch === undefined) continue;
      this.#end(watch);
      watch.gone.resolve(readReason(reason));
    }
    // The other container is closing: the remaining watches end with the
    // connection.
  }
}

/**
 * Reads a reason sent by another container, and makes it safe to show and log.
 */
export function readReason(received: unknown): string {
  return typeof received === "string" && received !== ""
    ? printable(received, MAX_REASON_LENGTH)
    : "its container gave no reason";
}
