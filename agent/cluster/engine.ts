/**
 * The contract between a cluster and what its nodes share: messages by topic, and
 * entries that all see, with leases. `testEngine` of `@denomas/denomas/testing`
 * checks every obligation that is stated here.
 *
 * @module
 */
import type { Transport } from "../../transports/transport.ts";

/** An entry of an {@linkcode Engine}. */
export interface Entry {
  /** Words of letters, digits, `_` and `-`, joined by `.`. */
  readonly key: string;
  /** The value, of up to 512 KiB. It must not be changed. */
  readonly value: Uint8Array;
  /**
   * Greater than that of every earlier write of this key, also after the entry
   * was removed.
   */
  readonly revision: number;
}

/** A change that {@linkcode Engine.watch} tells. */
export type EntryChange =
  | { readonly kind: "put"; readonly entry: Entry }
  /** Removed, or its lease has ended. */
  | { readonly kind: "removed"; readonly key: string };

/** Options for {@linkcode Engine.put}. */
export interface PutOptions {
  /**
   * The revision of the entry that is replaced, 0 for none: with another one
   * there nothing is written. The check and the write are one step.
   *
   * @default {the entry is written in any case}
   */
  readonly expected?: number;
  /**
   * The entry is removed this many milliseconds after the write, if nothing is
   * written before: never earlier, and up to two seconds later, as some engines
   * count in seconds. At least 1,000. A write without it makes the entry last.
   *
   * @default {Infinity}
   */
  readonly leaseMs?: number;
  /** Gives up waiting. The entry may have been written all the same. */
  readonly signal?: AbortSignal;
}

/**
 * What nodes of a cluster share. Dispose of it to end its subscriptions and
 * watches; its operations reject with an {@linkcode EngineError} then.
 */
export interface Engine extends AsyncDisposable {
  /**
   * The address at which a node of this engine listens, as `tcp://127.0.0.1:0`.
   * Each read may return another one.
   */
  readonly nodeAddress: string;
  /** Transports that this address needs, beside the default ones. */
  readonly transports: readonly Transport[];
  /**
   * Sends a message of up to 512 KiB to those who subscribe to `topic` now, this
   * engine included: at most once, in the order of this sender. A topic has the
   * form of a key.
   *
   * @throws {TypeError} If the topic has another form.
   * @throws {RangeError} If the message is longer.
   */
  publish(topic: string, message: Uint8Array): void;
  /**
   * Resolves once messages that are published from now on arrive. They stop when
   * the result is disposed of. `onMessage` must not throw.
   *
   * @throws {EngineError} If the engine cannot be reached.
   */
  subscribe(
    topic: string,
    onMessage: (message: Uint8Array) => void,
  ): Promise<AsyncDisposable>;
  /**
   * Resolves to the newest entry of `key`, not to an older one that a copy still
   * has; `null` if there is none.
   *
   * @throws {EngineError} If the engine cannot be reached.
   */
  get(key: string): Promise<Entry | null>;
  /**
   * Writes an entry and resolves to its revision, when it is as safe as this
   * engine makes it.
   *
   * @throws {TypeError} If the key has another form.
   * @throws {RangeError} If the value is longer, or the lease shorter.
   * @throws {StaleEpochError} If another revision than `expected` is there.
   * @throws {EngineError} If the engine cannot be reached. The entry may have been
   * written.
   */
  put(key: string, value: Uint8Array, options?: PutOptions): Promise<number>;
  /**
   * Removes an entry, if there is one.
   *
   * @throws {StaleEpochError} If another revision than `expected` is there.
   * @throws {EngineError} If the engine cannot be reached.
   */
  remove(key: string, expected?: number): Promise<void>;
  /**
   * Tells the entries whose keys begin with `prefix`, as puts, and from then on
   * each change of them, in the order of their revisions; of several changes of
   * one key the last at least. Resolves once the entries that are there have been
   * told. After a loss of the connection the difference is told. `onChange` must
   * not throw.
   *
   * @param prefix Empty for all, or words with a `.` behind each.
   * @throws {TypeError} If the prefix has another form.
   * @throws {EngineError} If the engine cannot be reached.
   */
  watch(
    prefix: string,
    onChange: (change: EntryChange) => void,
  ): Promise<AsyncDisposable>;
}
