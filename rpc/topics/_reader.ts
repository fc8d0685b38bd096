import { markEndless } from "../calls/_endless.ts";
import { observed } from "../../transports/internal.ts";
import { MissedItemsError } from "../errors.ts";
import type { LogReader, TopicLog } from "./_log.ts";

/** A subscription: a position in the log of a topic. */
export class Reader<T, Item>
  implements AsyncIterableIterator<Item, undefined>, LogReader {
  at: number;
  readonly onSlow: "end" | "skip" | "wait";
  readonly as: unknown;
  readonly #log: TopicLog<T>;
  readonly #toItem: (id: number, value: T) => Item;
  readonly #onLeave: () => void;
  #hasLeft = false;
  #news: PromiseWithResolvers<void> | null = null;

  constructor(
    log: TopicLog<T>,
    at: number,
    onSlow: "end" | "skip" | "wait",
    as: unknown,
    toItem: (id: number, value: T) => Item,
    onLeave: () => void,
  ) {
    this.#log = log;
    this.at = at;
    this.onSlow = onSlow;
    this.as = as;
    this.#toItem = toItem;
    this.#onLeave = onLeave;
    markEndless(this);
    observed.by?.opened(this, "subscription", () => "to a topic");
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Item, undefined>> {
    const log = this.#log;
    while (!this.#hasLeft) {
      if (this.at < log.firstId && this.onSlow === "end") {
        this.#leave();
        throw new MissedItemsError(
          'Cannot continue: items that were not read are gone, or were of an earlier process; keep more of them, or subscribe with onSlow: "skip"',
        );
      }
      if (this.at < log.firstId) this.at = log.firstId;
      if (this.at < log.nextId) return { done: false, value: this.#take() };
      if (log.end !== null) {
        this.#leave();
        if ("error" in log.end) throw log.end.error;
        break;
      }
      this.#news ??= Promise.withResolvers();
      await this.#news.promise;
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#leave();
    this.wake();
    return Promise.resolve({ done: true, value: undefined });
  }

  wake(): void {
    this.#news?.resolve();
    this.#news = null;
  }

  #take(): Item {
    const id = this.at++;
    const value = this.#log.items.get(id)!;
    if (this.onSlow === "wait") this.#log.admit();
    return this.#toItem(id, value);
  }

  #leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    observed.by?.closed(this);
    this.#log.readers.delete(this);
    this.#log.admit();
    this.#onLeave();
  }
}
