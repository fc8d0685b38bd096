import { Timers } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import { patiently } from "./_patience.ts";
import type { Engine, Entry } from "./engine.ts";
import { EngineError, StaleEpochError } from "./errors.ts";

/**
 * The fraction of a lease that a node does not use, as clocks may run at
 * different speeds.
 */
const MARGIN = 0.1;

/** The time between renewals, as a fraction of the lease. */
const RENEW = 0.25;

/**
 * The time limit of a renewal, as a fraction of the lease. It is long because
 * an abandoned renewal may have been written after all, which the next one must
 * find out first.
 */
const PATIENCE = 0.5;

/**
 * The time between attempts while the engine is away, as a fraction of the
 * lease.
 */
const RETRY = 0.05;

/** The dependencies of a {@linkcode NodeLease}. */
export interface LeaseOptions {
  readonly engine: Engine;
  readonly key: string;
  readonly leaseMs: number;
  /** The owner of the timers. */
  readonly owner: object;
  /**
   * Returns the present value for the entry; `epoch` is `null` for the first
   * write.
   */
  valueOf(epoch: number | null): Uint8Array;
  /** Returns whether an entry was written by this very lease. */
  isOwn(entry: Entry): boolean;
}

/**
 * An entry that exists as long as it is renewed in time. This side considers
 * the lease over earlier than others do: its time counts from before each
 * write, and a safety margin is subtracted.
 */
export class NodeLease {
  /**
   * The revision of the claim. It is greater than that of every earlier lease.
   */
  readonly epoch: number;
  readonly #options: LeaseOptions;
  readonly #timers: Timers;
  readonly #lost = new AbortController();
  #revision: number;
  /** When the lease is over for this side, by `world.now()`. */
  #until = 0;
  #watchdog: { stop(): void } | null = null;
  /** Ends the wait before the next renewal. */
  #wake: (() => void) | null = null;
  #isAway = false;
  /** Callers that wait for a write that begins after their call. */
  #updates: PromiseWithResolvers<void>[] = [];
  #isOver = false;
  readonly #ended: Promise<void>;

  private constructor(
    options: LeaseOptions,
    revision: number,
    startedAt: number,
  ) {
    this.#options = options;
    this.#timers = new Timers(options.owner);
    this.epoch = revision;
    this.#revision = revision;
    this.#extend(startedAt);
    this.#ended = this.#keep();
  }

  /**
   * Claims the entry, if it does not exist.
   *
   * @throws {StaleEpochError} If it exists.
   * @throws {EngineError} If the engine cannot be reached in time.
   */
  static async claim(options: LeaseOptions): Promise<NodeLease> {
    const { engine, key, leaseMs, owner } = options;
    const startedAt = world.now();
    const value = options.valueOf(null);
    const revision = await patiently(
      `claim '${key}'`,
      leaseMs * (1 - MARGIN),
      owner,
      (signal) => engine.put(key, value, { expected: 0, leaseMs, signal }),
    );
    return new NodeLease(options, revision, startedAt);
  }

  /** Aborts when the lease is lost, and others may take over. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Returns whether no other node can hold the lease now. An expired lease ends
   * here, for example after the process was suspended.
   */
  holdsOrEnds(): boolean {
    if (this.#isOver) return false;
    if (world.now() < this.#until) return true;
    const { key, leaseMs } = this.#options;
    this.#lose(
      new StaleEpochError(
        `Cannot keep '${key}': it was not renewed within its ${leaseMs} ms`,
      ),
    );
    return false;
  }

  /**
   * Resolves when the entry has its present value, or a newer one. Rejects if
   * the lease ends first.
   */
  update(): Promise<void> {
    const update = Promise.withResolvers<void>();
    // Callers may ignore the promise.
    update.promise.catch(() => {});
    if (this.#isOver) update.reject(this.#lost.signal.reason);
    else this.#updates.push(update);
    if (!this.#isAway) this.#wake?.();
    return update.promise;
  }

  /** Releases the lease within about `graceMs`. Never rejects. */
  async release(graceMs: number): Promise<void> {
    if (this.#isOver) return;
    this.#end(new DOMException("The lease was given back", "AbortError"));
    const { engine, key, owner } = this.#options;
    const remove = async () => {
      await this.#ended;
      await engine.remove(key, this.#revision);
    };
    // An entry that cannot be removed expires.
    await patiently(`remove '${key}'`, graceMs, owner, remove).catch(() => {});
  }

  async #keep(): Promise<void> {
    while (this.holdsOrEnds()) {
      if (this.#updates.length === 0 || this.#isAway) await this.#rest();
      if (this.holdsOrEnds()) await this.#renew();
    }
  }

  async #rest(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const { leaseMs } = this.#options;
    // A write that was answered late has left little of the lease.
    const leftMs = this.#until - world.now();
    const waitMs = this.#isAway
      ? leaseMs * RETRY
      : Math.min(leaseMs * RENEW, leftMs / 2);
    const timer = this.#timers.start("renewal", waitMs, resolve);
    await promise;
    timer.stop();
    this.#wake = null;
  }

  /** Never rejects. */
  async #renew(): Promise<void> {
    const { engine, key, leaseMs, owner } = this.#options;
    const startedAt = world.now();
    const updates = this.#updates;
    this.#updates = [];
    try {
      const value = this.#options.valueOf(this.epoch);
      const expected = this.#revision;
      this.#revision = await patiently(
        `renew '${key}'`,
        leaseMs * PATIENCE,
        owner,
        (signal) => engine.put(key, value, { expected, leaseMs, signal }),
      );
      this.#isAway = false;
      if (!this.#isOver) this.#extend(startedAt);
      for (const it of updates) it.resolve();
    } catch (error) {
      if (this.#isOver) {
        for (const it of updates) it.reject(this.#lost.signal.reason);
        return;
      }
      this.#updates.unshift(...updates);
      this.#isAway = true;
      if (error instanceof StaleEpochError) await this.#check(error);
    }
  }

  /**
   * Checks whether an earlier renewal that seemed to fail was written after
   * all.
   */
  async #check(error: StaleEpochError): Promise<void> {
    const { engine, key, leaseMs, owner } = this.#options;
    const ask = () => engine.get(key);
    try {
      const entry = await patiently(
        `read '${key}'`,
        leaseMs * RENEW,
        owner,
        ask,
      );
      if (entry === null || !this.#options.isOwn(entry)) this.#lose(error);
      else this.#revision = entry.revision;
    } catch (error) {
      // After an error of the engine, the next attempt checks again.
      if (!(error instanceof EngineError)) this.#lose(error);
    }
  }

  #extend(startedAt: number): void {
    this.#until = startedAt + this.#options.leaseMs * (1 - MARGIN);
    this.#watchdog?.stop();
    const restMs = this.#until - world.now();
    this.#watchdog = this.#timers.start("lease", restMs, () => {
      this.holdsOrEnds();
    });
  }

  #lose(reason: unknown): void {
    if (!this.#isOver) this.#end(reason);
  }

  #end(reason: unknown): void {
    this.#isOver = true;
    this.#watchdog?.stop();
    this.#lost.abort(reason);
    for (const it of this.#updates) it.reject(reason);
    this.#wake?.();
    this.#timers.end();
  }
}
