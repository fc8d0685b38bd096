import { abortable, pause } from "../../channel/internal.ts";
import { DenomasError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";
import { askAll } from "./_parties.ts";
import type { Party } from "./_party.ts";
import { Quiet } from "./_quiet.ts";
import { formatSeconds } from "./_time.ts";
import type { Settle } from "./settle.ts";

/** How long messages may be under way before a run gives up, in real time. */
const STALLED_MS = 5_000;

/** How long a run looks again without a pause. */
const EAGER_MS = 20;

/** Options of a run. */
export interface RunOptions {
  readonly settle?: Settle | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Clocks that run together. One whose process has ended is left out. */
export class Run {
  readonly #parties: Set<Party>;
  readonly #options: RunOptions;
  readonly #quiet = new Quiet();

  constructor(parties: readonly Party[], options: RunOptions) {
    this.#parties = new Set(parties);
    this.#options = options;
  }

  /** The time of the clock that is behind all others. */
  get time(): number {
    return Math.min(...Array.from(this.#parties, ({ time }) => time));
  }

  /** The earliest time that is waited for. */
  get nextDue(): number | null {
    const dues = Array.from(this.#parties, (it) => it.nextDue ?? Infinity);
    const due = Math.min(...dues);
    return due === Infinity ? null : due;
  }

  /** Whether clocks of other processes are among them. */
  get isRemote(): boolean {
    return [...this.#parties].some(({ isRemote }) => isRemote);
  }

  /** Lets containers go by the clocks, until `end`. */
  async begin(): Promise<void> {
    await askAll(this.#parties, (party) => party.begin(this.#options.signal));
  }

  end(): void {
    for (const party of this.#parties) party.end();
  }

  /** Sets all clocks before anything wakes, which `settle` lets happen. */
  async setTime(time: number): Promise<void> {
    const { signal } = this.#options;
    await askAll(this.#parties, (party) => party.setTime(time, signal));
  }

  /**
   * Jumps to `until`, if it is ahead, by way of all due times before it. Ends
   * early between two of them if `isOver` says so.
   */
  async advance(
    until: number,
    isOver: () => boolean = () => false,
  ): Promise<void> {
    while (!isOver()) {
      const due = this.nextDue;
      if (due === null || due > until) break;
      await this.setTime(due);
      await this.settle();
    }
    if (until === Infinity || this.time >= until || isOver()) return;
    await this.setTime(until);
  }

  /** Wakes all that is due, and waits until nothing goes on anywhere. */
  async settle(): Promise<void> {
    const { settle, signal } = this.#options;
    await this.#settleAll();
    if (settle === undefined) return;
    await abortable(settle(signal), signal);
    await this.#settleAll();
  }

  async #settleAll(): Promise<void> {
    const { signal } = this.#options;
    let seen = "";
    let since = world.now();
    for (;;) {
      const reports = await askAll(
        this.#parties,
        (party) => party.settle(signal),
      );
      const containers = reports.flatMap((it) => it.containers);
      const underWay = reports.some(({ opening }) => opening > 0)
        ? "containers that are made"
        : this.#quiet.underWay(containers);
      if (underWay === null) return;
      const counts = JSON.stringify(containers);
      // What is pending has time limits of its own.
      const isPending = containers.some(({ pending }) => pending > 0);
      if (isPending || counts !== seen) since = world.now();
      seen = counts;
      const waitedMs = world.now() - since;
      if (waitedMs > STALLED_MS) throw this.#stalled(underWay);
      if (waitedMs > EAGER_MS) await pause(1, signal);
    }
  }

  #stalled(underWay: string): DenomasError {
    return new DenomasError(
      `Cannot run on from ${
        formatSeconds(this.time)
      }: ${underWay} have been under way for ${STALLED_MS} ms, mend the network or close the connection`,
    );
  }
}
