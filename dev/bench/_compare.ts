import { type Comparison, isSequential } from "./comparisons.ts";
import type { Harness, Pair } from "./_harness.ts";
import {
  type Check,
  measureRatios,
  spreadOf,
  summarize,
  type Summary,
} from "./_ratios.ts";
import { workloadName } from "./workloads.ts";

/** How thoroughly to compare. */
export interface CompareEffort {
  /** The number of turns of each side. */
  readonly turns: number;
  /** About how long a turn takes, with one call after another. */
  readonly runMs: number;
  /**
   * The same with several calls in flight. How they fall into bursts changes
   * from one moment to the next, so that short runs differ by themselves.
   */
  readonly loadedRunMs: number;
}

/** Returns the name of a comparison in reports. */
export function nameOfComparison(comparison: Comparison): string {
  const { subject, baseline, transport, workload } = comparison;
  return `${subject} / ${baseline}, ${workloadName(workload)}, ${transport}`;
}

/** Compares subjects, and each comparison's noisier side with itself. */
export class Comparer {
  readonly #harness: Harness;
  readonly #effort: CompareEffort;
  readonly #itself = new Map<string, Summary>();

  constructor(harness: Harness, effort: CompareEffort) {
    this.#harness = harness;
    this.#effort = effort;
  }

  /** Measures the ratio of a comparison and its noise. */
  async compare(comparison: Comparison): Promise<Check> {
    const found = await this.ratio(comparison);
    const itself = await this.#ratioToItself(comparison);
    return {
      what: nameOfComparison(comparison),
      unit: isSequential(comparison) ? "× time" : "× rate",
      found,
      noise: spreadOf(itself) * found.median,
      target: comparison.target,
    };
  }

  /** Measures the ratio alone. */
  async ratio(comparison: Comparison): Promise<Summary> {
    const { subject, baseline, transport } = comparison;
    return await this.#ratio(
      comparison,
      await this.#harness.pair({ subject: baseline, transport }),
      await this.#harness.pair({ subject, transport }),
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
      await this.#harness.pair({ subject, transport }),
      await this.#harness.pair({ subject, transport }, 1),
    );
    this.#itself.set(key, itself);
    return itself;
  }

  /** A ratio of times, or of rates with several calls in flight. */
  async #ratio(
    comparison: Comparison,
    base: Pair,
    own: Pair,
  ): Promise<Summary> {
    const ratios = await measureRatios(
      this.#effort.turns,
      await this.#timing(comparison, base),
      await this.#timing(comparison, own),
    );
    return summarize(
      isSequential(comparison) ? ratios : ratios.map((ratio) => 1 / ratio),
    );
  }

  /**
   * Returns a function that measures the time of one act. Each side does as
   * much as it can in the same time, so that a slow one does not take it all.
   */
  async #timing(
    comparison: Comparison,
    pair: Pair,
  ): Promise<() => Promise<number>> {
    const { workload } = comparison;
    const { runMs, loadedRunMs } = this.#effort;
    const acts = await pair.count(
      workload,
      isSequential(comparison) ? runMs : loadedRunMs,
    );
    return async () => {
      const { ms, count } = await pair.run(workload, acts, false);
      return ms / count;
    };
  }
}
