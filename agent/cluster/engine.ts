/**
 * The contract between a cluster and its engine, which its nodes share:
 * messages by topic, and entries with leases that all nodes see. `testEngine`
 * of `@denomas/denomas/testing` checks every obligation stated here.
 *
 * @module
 */
import type { Transport } from "../../transports/transport.ts";

/** An entry of an {@linkcode Engine}. */
export interface Entry {
  /** Words of letters, digits, `_` and `-`, joined by `.`. */
  readonly key: string;
  /** The value, up to 512 KiB. Do not change it. */
  readonly value: Uint8Array;
  /**
   * Greater than the revision of every earlier write of this key, even if the
   * entry was removed in between.
   */
  readonly revision: number;
}

/** A change reported by {@linkcode Engine.watch}. */
export type EntryChange =
  | { readonly kind: "put"; readonly entry: Entry }
  /** The entry was removed, or its lease has ended. */
  | { readonly kind: "removed"; readonly key: string };

/** Options for {@linkcode Engine.put}. */
export interface PutOptions {
  /**
   * The revision of the entry to replace, 0 for no entry. If another revision
   * is found, nothing is written. The check and the write are one atomic step.
   *
   * @default {the entry is written in any case}
   */
  readonly expected?: number;
  /**
   * Removes the entry this many milliseconds after the write, unless it is
   * written again before: never earlier, and up to two seconds later, since
   * some engines count in seconds. At least 1,000. A write without a lease
   * makes the entry permanent.
   *
   * @default {Infinity}
   */
  readonly leaseMs?: number;
  /** Stops waiting. The entry may have been written nevertheless. */
  readonly signal?: AbortSignal;
}

/**
 * Messages and entries that the nodes of a cluster share. Dispose of an engine
 * to end its subscriptions and watches; after that, its operations reject with
 * an {@linkcode EngineError}.
 */
export interface Engine extends AsyncDisposable {
  /**
   * The address at which a node of this engine should listen, for example
   * `tcp://127.0.0.1:0`. Each read may return another address.
   */
  readonly nodeAddress: string;
  /** The transports that this address needs in addition to the default ones. */
  readonly transports: readonly Transport[];
  /**
   * Sends a message of up to 512 KiB to the present subscribers of `topic`,
   * including those of this engine. Messages arrive at most once, and in order
   * for each sender. A topic has the form of a key.
   *
   * @throws {TypeError} If the topic has another form.
   * @throws {RangeError} If the message is too long.
   */
  publish(topic: string, message: Uint8Array): void;
  /**
   * Subscribes to `topic`. Resolves once messages published from then on will
   * arrive. Dispose of the result to end the subscription. `onMessage` must not
   * throw.
   *
   * @throws {EngineError} If the engine cannot be reached.
   */
  subscribe(
    topic: string,
    onMessage: (message: Uint8Array) => void,
  ): Promise<AsyncDisposable>;
  /**
   * Resolves to the newest entry of `key`, never to an outdated copy; `null` if
   * there is none.
   *
   * @throws {EngineError} If the engine cannot be reached.
   */
  get(key: string): Promise<Entry | null>;
  /**
   * Writes an entry. Resolves to its revision once the write is as safe as this
   * engine can make it.
   *
   * @throws {TypeError} If the key has another form.
   * @throws {RangeError} If the value is too long, or the lease too short.
   * @throws {StaleEpochError} If the entry's revision is not `expected`.
   * @throws {EngineError} If the engine cannot be reached. The entry may have
   * been written.
   */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<number>;
  /**
   * Removes an entry, if there is one.
   *
   * @throws {StaleEpochError} If the entry's revision is not `expected`.
   * @throws {EngineError} If the engine cannot be reached.
   */
  remove(key: string, expected?: number): Promise<void>;
  /**
   * Reports the entries whose keys begin with `prefix`, as puts, and then each
   * change of them, in the order of their revisions. Of several changes of one
   * key, at least the last is reported. Resolves once the present entries have
   * been reported. After a lost connection, the differences are reported.
   * `onChange` must not throw.
   *
   * @param prefix Empty for all entries, or words that each end with `.`.
   * @throws {TypeError} If the prefix has another form.
   * @throws {EngineError} If the engine cannot be reached.
   */
  watch(
    prefix: string,
    onChange: (change: EntryChange) => void,
  ): Promise<AsyncDisposable>;
}
