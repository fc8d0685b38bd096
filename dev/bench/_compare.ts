import type { Arena, Stand } from "./_arena.ts";
import { type Check, checked } from "./_check.ts";
import { type Comparison, isSequential } from "./comparisons.ts";
import {
  measurePairs,
  type Pair,
  spreadOf,
  summarizeRatios,
  type Summary,
} from "./_pairs.ts";
import { workloadName } from "./workloads.ts";

/** How thoroughly to compare. */
export interface CompareEffort {
  /** How many pairs make a ratio. */
  readonly pairs: number;
  /** About how long one side of a pair is measured, one call after another. */
  readonly runMs: number;
  /**
   * The same with several under way: how they fall into bursts changes from
   * one moment to the next, so that short runs differ by themselves.
   */
  readonly loadedRunMs: number;
}

/** Compares, and remembers how far each side strays from itself. */
export class Comparer {
  readonly #arena: Arena;
  readonly #effort: CompareEffort;
  readonly #itself = new Map<string, Summary>();

  constructor(arena: Arena, effort: CompareEffort) {
    this.#arena = arena;
    this.#effort = effort;
  }

  /** Measures the ratio of a comparison, and judges it. */
  async compare(comparison: Comparison): Promise<Check> {
    const { subject, baseline, transport, workload, target } = comparison;
    const ratio = await this.ratio(comparison);
    const itself = await this.#ratioToItself(comparison);
    const noise = spreadOf(itself) * ratio.median;
    const ofWhat = isSequential(comparison) ? "time" : "rate";
    return checked({
      what: `${subject} / ${baseline}, ${workloadName(workload)}, ${transport}`,
      unit: `× ${ofWhat}`,
      found: ratio,
      noise,
      target,
    });
  }

  /** Measures the ratio alone. */
  async ratio(comparison: Comparison): Promise<Summary> {
    const { subject, baseline, transport } = comparison;
    return await this.#ratio(
      comparison,
      await this.#arena.stand({ subject: baseline, transport }),
      await this.#arena.stand({ subject, transport }),
    );
  }

  async #ratioToItself(comparison: Comparison): Promise<Summary> {
    const { transport, workload, noiseOf } = comparison;
    const subject = comparison[noiseOf];
    const key = JSON.stringify([subject, transport, workload]);
    const known = this.#itself.get(key);
    if (known !== undefined) return known;
    const itself = await this.#ratio(
      comparison,
      await this.#arena.stand({ subject, transport }),
      await this.#arena.stand({ subject, transport }, 1),
    );
    this.#itself.set(key, itself);
    return itself;
  }

  async #ratio(
    comparison: Comparison,
    base: Stand,
    own: Stand,
  ): Promise<Summary> {
    const { pairs } = this.#effort;
    const pairsTaken = await measurePairs(
      pairs,
      await this.#timing(comparison, base),
      await this.#timing(comparison, own),
    );
    return summarizeRatios(
      isSequential(comparison) ? pairsTaken : pairsTaken.map(invert),
    );
  }

  /**
   * Measures the time for one. Each side does as much as it can in the same
   * time, so that a slow one does not take all of it.
   */
  async #timing(
    comparison: Comparison,
    stand: Stand,
  ): Promise<() => Promise<number>> {
    const { workload } = comparison;
    const { runMs, loadedRunMs } = this.#effort;
    const acts = await stand.count(
      workload,
      isSequential(comparison) ? runMs : loadedRunMs,
    );
    return async () => {
      const { ms, count } = await stand.run(workload, acts, false);
      return ms / count;
    };
  }
}

/** From times to rates. */
function invert({ first, second }: Pair): Pair {
  return { first: 1 / first, second: 1 / second };
}
