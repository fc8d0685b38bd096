import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import { QueueFullError } from "../../channel/errors.ts";
import { HIGHEST_DEPTH } from "../../channel/limits/limits.ts";
import { observed, world } from "../../transports/internal.ts";
import { printable } from "../../transports/printable.ts";
import { TopicLog } from "./_log.ts";
import { Reader } from "./_reader.ts";

/** The default number of items that a topic keeps. */
const DEFAULT_KEEP = 1_000;

/**
 * Finds what no connection can carry, whatever its codec, serializers and
 * limits are.
 */
const anyConnection = new TypeTable([{
  matches: (value) => !(value instanceof Promise),
  pack: () => null,
  unpack: () => null,
}], {
  carries: {
    binary: true,
    bigint: true,
    nonFinite: true,
    loneSurrogates: true,
  },
  maxDepth: HIGHEST_DEPTH,
  maxKeys: Infinity,
});

/** An item of a topic, with its id. */
export interface TopicEntry<T> {
  /**
   * Identifies the item. Later items have larger ids, even after the process
   * was restarted.
   */
  readonly id: number;
  /** The item. */
  readonly value: T;
}

/** Options for a {@linkcode Topic}. */
export interface TopicOptions {
  /**
   * The number of last items to keep. A subscriber that falls further behind is
   * slow.
   *
   * @default {1_000}
   */
  readonly keep?: number | undefined;
}

/** Options for a subscription. */
export interface SubscribeOptions {
  /**
   * The number of past items to start with, as far as they are kept.
   *
   * @default {0}
   */
  readonly last?: number | undefined;
  /**
   * The id of the last item that the subscriber has received: the stream starts
   * with the item after it. If some of those items are gone, the subscriber
   * counts as slow.
   */
  readonly after?: number | undefined;
  /**
   * What happens to a slow subscriber: `"end"` fails its stream with a
   * `MissedItemsError`, `"skip"` skips the items that it missed, and `"wait"`
   * makes `publish` wait for it.
   *
   * @default {"end"}
   */
  readonly onSlow?: "end" | "skip" | "wait" | undefined;
  /** Identifies the subscriber in {@linkcode Topic.subscribers}; any value. */
  readonly as?: unknown;
}

/** The start or end of a subscription to a topic. */
export interface PresenceChange {
  /** The `as` of the subscription. */
  readonly as: unknown;
  /** `true` if the subscription has started, `false` if it has ended. */
  readonly isPresent: boolean;
}

/** A stream of the items of a topic. */
export type Subscription<T> = AsyncIterableIterator<T, undefined>;

/**
 * Publishes items to many subscribers. A method can return a subscription as a
 * stream. The stream ends when the subscriber leaves it or is lost, and fails
 * with a `ServerBusyError` when this side begins to close the connection.
 *
 * All subscribers read the same log of the last items, so each subscriber costs
 * little, and a slow one cannot make the log grow.
 *
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { Topic } from "@denomas/denomas/topics";
 * import { assertEquals } from "@std/assert";
 *
 * const prices = new Topic<number>();
 * const market = service({ prices: () => prices.subscribe({ last: 1 }) });
 * await using server = await startServer("local://market", market);
 * await using client = await openConnection<typeof market>(server.address);
 *
 * await prices.publish(7);
 * for await (const price of await client.remote.prices()) {
 *   assertEquals(price, 7);
 *   break;
 * }
 * ```
 *
 * @typeParam T The type of the items.
 */
export class Topic<T> implements Disposable {
  readonly #log: TopicLog<T>;
  #presence: Topic<PresenceChange> | null = null;

  /**
   * Creates a topic without items.
   *
   * @throws {RangeError} If `keep` is not a positive integer.
   */
  constructor({ keep = DEFAULT_KEEP }: TopicOptions = {}) {
    if (!Number.isSafeInteger(keep) || keep < 1) {
      throw new RangeError(
        `Cannot make a topic: 'keep' is ${keep}, it must be an integer from 1`,
      );
    }
    // Ids start at the current time in microseconds, so that no earlier process
    // has assigned the same id.
    this.#log = new TopicLog(keep, Math.floor(world.wallNow() * 1_000));
  }

  /** The `as` of all current subscribers, in order of subscription. */
  get subscribers(): unknown[] {
    return Array.from(this.#log.readers, ({ as }) => as);
  }

  /**
   * A topic of the starts and ends of subscriptions. It keeps the last 1,000
   * changes.
   */
  get presence(): Topic<PresenceChange> {
    return this.#presence ??= new Topic();
  }

  /**
   * Adds an item and resolves to its id. If a subscriber with `onSlow: "wait"`
   * is slow, the item is added only when there is room.
   *
   * An item that cannot be sent to a subscriber ends its stream. The topic
   * refuses only items that cannot be sent over any connection, such as
   * symbols: it does not know whether a connection has a serializer for a
   * class.
   *
   * @throws {TypeError} If the topic is closed.
   * @throws {SerializationError} If no connection can carry the item.
   * @throws {QueueFullError} If the number of items that wait for room has
   * reached `keep`.
   */
  publish(value: T): Promise<number> {
    try {
      anyConnection.pack(value);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#publish(value);
  }

  #publish(value: T): Promise<number> {
    const log = this.#log;
    if (log.end !== null) return Promise.reject(closedError());
    if (log.waiting.length === 0 && log.hasRoom) {
      return Promise.resolve(log.add(value));
    }
    if (log.waiting.length >= log.keep) {
      return Promise.reject(
        new QueueFullError(
          `Cannot publish: ${log.keep} items wait for a slow subscriber, await 'publish' or subscribe with another 'onSlow'`,
          { limit: log.keep },
        ),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    log.waiting.push(() => {
      if (log.end === null) resolve(log.add(value));
      else reject(closedError());
    });
    return promise;
  }

  /**
   * Returns a stream of the items from now on. The subscriber counts as present
   * until the stream ends, so read it to its end or call its `return`.
   *
   * @throws {RangeError} If `last`, `after` or `onSlow` is out of range.
   */
  subscribe(options: SubscribeOptions = {}): Subscription<T> {
    return this.#read(options, (_id, value) => value);
  }

  /** Like {@linkcode subscribe}, with the ids of the items. */
  entries(options: SubscribeOptions = {}): Subscription<TopicEntry<T>> {
    return this.#read(options, (id, value) => ({ id, value }));
  }

  /**
   * Ends all subscriptions after the published items, with `error` if given.
   * Repeatable.
   */
  close(error?: unknown): void {
    const log = this.#log;
    if (log.end !== null) return;
    log.end = error === undefined ? {} : { error };
    for (const reader of log.readers) {
      observed.by?.closed(reader);
      reader.wake();
    }
    for (const publish of log.waiting.splice(0)) publish();
    this.#presence?.close();
  }

  /** Closes the topic. */
  [Symbol.dispose](): void {
    this.close();
  }

  #read<Item>(
    { last = 0, after, onSlow = "end", as }: SubscribeOptions,
    toItem: (id: number, value: T) => Item,
  ): Subscription<Item> {
    checkSubscription(last, after, onSlow);
    const log = this.#log;
    const onLeave = () => this.#announce(as, false);
    const at = after === undefined
      ? Math.max(log.firstId, log.nextId - Math.max(0, last))
      : firstAfter(after, log.nextId);
    const reader = new Reader(log, at, onSlow, as, toItem, onLeave);
    log.readers.add(reader);
    this.#announce(as, true);
    return reader;
  }

  #announce(as: unknown, isPresent: boolean): void {
    // The topic of changes exists only once `presence` was read.
    if (this.#presence === null) return;
    // Not by `publish`, which refuses some values of `as`.
    this.#presence.#publish({ as, isPresent }).catch(() => {});
  }
}

/** Checks the options of a subscription, which may come from its caller. */
function checkSubscription(
  last: number,
  after: number | undefined,
  onSlow: string,
): void {
  const isCount = last === Infinity || Number.isSafeInteger(last) && last >= 0;
  const wrong = !isCount
    ? ["last", last, "an integer from 0, or Infinity"]
    : after !== undefined && !Number.isSafeInteger(after)
    ? ["after", after, "the id of an item"]
    : !["end", "skip", "wait"].includes(onSlow)
    ? ["onSlow", onSlow, "'end', 'skip' or 'wait'"]
    : null;
  if (wrong === null) return;
  const [name, value, wanted] = wrong;
  throw new RangeError(
    `Cannot subscribe: '${name}' is '${
      printable(String(value))
    }', it must be ${wanted}`,
  );
}

/**
 * Returns the id to continue from. An `after` that was not assigned yet comes
 * from another clock: items may be missing, so the subscriber counts as slow.
 */
function firstAfter(after: number, nextId: number): number {
  return after < nextId ? after + 1 : -Infinity;
}

function closedError(): TypeError {
  return new TypeError("Cannot publish: the topic is closed");
}
