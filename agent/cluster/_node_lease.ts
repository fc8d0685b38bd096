import { Timers } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import { patiently } from "./_patience.ts";
import type { Engine, Entry } from "./engine.ts";
import { EngineError, StaleEpochError } from "./errors.ts";

/** The part of a lease that a node gives up, for clocks that run differently. */
const MARGIN = 0.1;

/** The time between renewals, as a part of the lease. */
const RENEW = 0.25;

/**
 * How long a renewal may take, as a part of the lease: long, since one that was
 * given up may have come through, and the next one has to find that out first.
 */
const PATIENCE = 0.5;

/** The time between attempts while the engine is away, as a part of the lease. */
const RETRY = 0.05;

/** What a lease needs. */
export interface LeaseOptions {
  readonly engine: Engine;
  readonly key: string;
  readonly leaseMs: number;
  /** The owner of its timers. */
  readonly owner: object;
  /** Returns the value of the entry now; `epoch` is `null` for the first one. */
  valueOf(epoch: number | null): Uint8Array;
  /** Returns whether an entry was written by this very lease. */
  isOwn(entry: Entry): boolean;
}

/**
 * An entry that is there as long as it is renewed in time. It is over for this
 * side earlier than for all others: its time counts from before each write, and
 * a part of it is left out.
 */
export class NodeLease {
  /** The revision of the claim: greater than that of every earlier lease. */
  readonly epoch: number;
  readonly #options: LeaseOptions;
  readonly #timers: Timers;
  readonly #lost = new AbortController();
  #revision: number;
  /** When it is over for this side, by `world.now()`. */
  #until = 0;
  #watchdog: { stop(): void } | null = null;
  /** Ends the wait before the next renewal. */
  #wake: (() => void) | null = null;
  #isAway = false;
  /** Those who wait for a write that begins from now on. */
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
   * Claims the entry, if there is none.
   *
   * @throws {StaleEpochError} If there is one.
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
   * Returns whether nobody else can have it now. One whose time is over ends: a
   * process that has stood still finds out here.
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
   * Resolves when the entry has the value that it has now, or a newer one.
   * Rejects if the lease ends before.
   */
  update(): Promise<void> {
    const update = Promise.withResolvers<void>();
    // Callers need not wait.
    update.promise.catch(() => {});
    if (this.#isOver) update.reject(this.#lost.signal.reason);
    else this.#updates.push(update);
    if (!this.#isAway) this.#wake?.();
    return update.promise;
  }

  /** Gives it back, within about `graceMs`. Never rejects. */
  async release(graceMs: number): Promise<void> {
    if (this.#isOver) return;
    this.#end(new DOMException("The lease was given back", "AbortError"));
    const { engine, key, owner } = this.#options;
    const remove = async () => {
      await this.#ended;
      await engine.remove(key, this.#revision);
    };
    // What cannot be removed ends with its time.
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
    const waitMs = this.#options.leaseMs * (this.#isAway ? RETRY : RENEW);
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

  /** Looks whether an earlier renewal that failed has come through. */
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
      // Its own error is the engine's: the next attempt asks again.
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
