import { abortable, pause } from "../../channel/internal.ts";
import { DenomasError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";
import { askAll } from "./_ask_all.ts";
import type { ContainerTraffic, Party, PartyReport } from "./_party.ts";
import { Quiet } from "./_quiet.ts";
import { formatSeconds } from "./_time.ts";
import { type Settle, settleInProcess } from "./settle.ts";

/** The real time after which a run stops waiting for a message under way. */
const STALLED_MS = 5_000;

/** The real time during which a run polls without a pause. */
const EAGER_MS = 20;

/** Options of a run. */
export interface RunOptions {
  readonly settle?: Settle | undefined;
  readonly lostAfterMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A set of clocks that run together. Clocks whose process has ended are
 * removed.
 */
export class Run {
  readonly #parties: Set<Party>;
  readonly #options: RunOptions;
  readonly #quiet = new Quiet();
  /** The newest report of each party. */
  readonly #reports = new Map<Party, PartyReport>();

  constructor(parties: readonly Party[], options: RunOptions) {
    this.#parties = new Set(parties);
    this.#options = options;
  }

  /** The times of the clocks. Some clocks may be behind. */
  get times(): number[] {
    return Array.from(this.#parties, ({ time }) => time);
  }

  /** The earliest of the clocks' times. */
  get time(): number {
    return Math.min(...this.times);
  }

  /** The earliest due time of all clocks; `null` if nothing waits. */
  get nextDue(): number | null {
    const dues = Array.from(this.#parties, (it) => it.nextDue ?? Infinity);
    const due = Math.min(...dues);
    return due === Infinity ? null : due;
  }

  /** Whether some of the clocks are in other processes. */
  get isRemote(): boolean {
    return [...this.#parties].some(({ isRemote }) => isRemote);
  }

  /** Makes the containers follow the clocks, until `end`. */
  async begin(): Promise<void> {
    await askAll(this.#parties, (party) => party.begin(this.#options.signal));
  }

  end(): void {
    for (const party of this.#parties) party.end();
  }

  /** Sets all clocks without waking anything; `settle` wakes the due waits. */
  async setTime(time: number): Promise<void> {
    const { signal } = this.#options;
    await askAll(this.#parties, (party) => party.setTime(time, signal));
  }

  /**
   * Advances to `until`, if that is later, stopping at each due time before it.
   * Ends early between two due times if `isOver` returns true.
   */
  async advance(
    until: number,
    isOver: () => boolean = () => false,
  ): Promise<void> {
    while (!isOver()) {
      const due = this.nextDue;
      if (due === null || due > until) break;
      await this.setTime(due);
      await this.#settle((party) =>
        !party.isRemote || (party.nextDue ?? Infinity) <= due
      );
    }
    if (until === Infinity || this.time >= until || isOver()) return;
    await this.setTime(until);
  }

  /** Wakes all due waits, and waits until all parties are idle. */
  async settle(): Promise<void> {
    await this.#settle(() => true);
  }

  /**
   * In the first round, asks only the parties that `isAsked` selects. The
   * others have nothing to wake, so their last reports stay true until a
   * message reaches them.
   */
  async #settle(isAsked: (party: Party) => boolean): Promise<void> {
    const { settle, signal } = this.#options;
    await this.#settleAll(isAsked);
    if (settle === undefined) return;
    await abortable(settle(signal), signal);
    await this.#settleAll(() => true);
  }

  async #settleAll(isAsked: (party: Party) => boolean): Promise<void> {
    const { lostAfterMs, signal } = this.#options;
    let seen = "";
    let since = world.now();
    for (;;) {
      await this.#ask(isAsked);
      isAsked = () => true;
      const containers = await this.#traffic();
      const reports = [...this.#reports.values()];
      const underWay = reports.some(({ opening }) => opening > 0)
        ? "containers that are made"
        : this.#quiet.underWay(containers);
      if (underWay === null) return;
      const counts = JSON.stringify(containers);
      // Pending connections and spawns have their own time limits.
      const isPending = containers.some(({ pending }) => pending > 0);
      if (isPending || counts !== seen) since = world.now();
      seen = counts;
      const waitedMs = world.now() - since;
      if (waitedMs > (lostAfterMs ?? STALLED_MS)) {
        if (lostAfterMs !== undefined) return;
        throw this.#stalled(underWay);
      }
      if (waitedMs > EAGER_MS) await pause(1, signal);
    }
  }

  async #ask(isAsked: (party: Party) => boolean): Promise<void> {
    const { signal } = this.#options;
    await askAll(this.#parties, async (party) => {
      if (!isAsked(party) && this.#reports.has(party)) return;
      this.#reports.set(party, await party.settle(signal));
    });
    for (const party of this.#reports.keys()) {
      if (!this.#parties.has(party)) this.#reports.delete(party);
    }
  }

  /**
   * Returns the traffic of the containers of all parties and of their parents.
   */
  async #traffic(): Promise<ContainerTraffic[]> {
    const reports = [...this.#reports.values()];
    const traffic = reports.flatMap(({ containers }) => containers);
    const parents = new Set<() => ContainerTraffic>();
    for (const { parent } of this.#parties) if (parent) parents.add(parent);
    if (parents.size > 0) await settleInProcess(this.#options.signal);
    for (const report of parents) traffic.push(report());
    // A parent may also be reported by another party: count it once.
    return [...new Map(traffic.map((it) => [it.id, it])).values()];
  }

  #stalled(underWay: string): DenomasError {
    return new DenomasError(
      `Cannot run on from ${
        formatSeconds(this.time)
      }: ${underWay} have been under way for ${STALLED_MS} ms, mend the network or close the connection`,
    );
  }
}
