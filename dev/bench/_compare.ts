import { type Comparison, isSequential } from "./comparisons.ts";
import type { Harness, Pair, Transport } from "./_harness.ts";
import { type LeftOut, messageOf } from "./_figures.ts";
import {
  type Check,
  type Measurement,
  measureRatios,
  quietest,
  summarize,
  type Summary,
} from "./_ratios.ts";
import { type Workload, workloadName } from "./workloads.ts";

/** The effort of a comparison. */
export interface CompareEffort {
  /** The number of turns of each side. */
  readonly turns: number;
  /** The approximate length of a turn, in ms. */
  readonly runMs: number;
  /** The time limit, in ms; a busy machine may reach it with fewer turns. */
  readonly limitMs: number;
}

/** The rate of a subject, in acts per second. */
export interface Rate {
  readonly subject: string;
  readonly rate: number;
}

/** The turns of each subject in a ranking; the best turn counts. */
const RANKING_TURNS = 5;
/** The number of runs after which a pair is warm. */
const WARM_RUNS = 20;
/** The number of acts in a run that measures the 99 % quantile. */
const ACTS_FOR_P99 = 200;

/** Returns the name of a comparison in reports. */
export function nameOfComparison(comparison: Comparison): string {
  const { subject, baseline, transport, workload } = comparison;
  return `${subject} / ${baseline}, ${workloadName(workload)}, ${transport}`;
}

/** Compares subjects in pairs of runs. */
export class Comparer {
  readonly #harness: Harness;
  readonly #effort: CompareEffort;

  constructor(harness: Harness, effort: CompareEffort) {
    this.#harness = harness;
    this.#effort = effort;
  }

  /** Measures the ratio of a comparison. */
  async compare(comparison: Comparison): Promise<Check> {
    return {
      what: nameOfComparison(comparison),
      unit: isSequential(comparison) ? "× time" : "× rate",
      found: await this.ratio(comparison),
      target: comparison.target,
    };
  }

  /**
   * Measures only the ratio: of times if calls run one after another, of rates
   * otherwise.
   */
  async ratio(comparison: Comparison): Promise<Summary> {
    const { subject, baseline, transport } = comparison;
    const ratios = await measureRatios(
      this.#effort.turns,
      await this.#timing(comparison, baseline, transport),
      await this.#timing(comparison, subject, transport),
      this.#effort.limitMs,
    );
    return summarize(
      isSequential(comparison) ? ratios : ratios.map((ratio) => 1 / ratio),
    );
  }

  /** Returns the subjects that support a workload, fastest first. */
  async rank(
    subjects: readonly string[],
    transport: Transport,
    workload: Workload,
  ): Promise<{ rates: Rate[]; leftOut: LeftOut[] }> {
    const rates: Rate[] = [];
    const leftOut: LeftOut[] = [];
    for (const subject of subjects) {
      try {
        const pair = await this.#harness.pair({ subject, transport });
        const acts = await pair.count(workload, this.#effort.runMs);
        if (acts === 0) continue;
        const runs: number[] = [];
        while (runs.length < RANKING_TURNS) {
          const { ms, count } = await pair.run(workload, acts, false);
          runs.push(count / ms * 1_000);
        }
        rates.push({ subject, rate: Math.max(...runs) });
      } catch (error) {
        leftOut.push({ what: subject, why: messageOf(error) });
      }
    }
    rates.sort((a, b) => b.rate - a.rate);
    return { rates, leftOut };
  }

  /** Measures the 99 % quantile of the times of acts, in µs. */
  async p99(
    subject: string,
    transport: Transport,
    workload: Workload,
  ): Promise<Summary> {
    const pair = await this.#harness.pair({ subject, transport });
    const taken: Measurement[] = [];
    await this.#warmUp(pair, workload);
    const end = performance.now() + this.#effort.limitMs;
    while (taken.length < this.#effort.turns && performance.now() < end) {
      const run = await pair.run(workload, ACTS_FOR_P99, true);
      const { quantiles, waitedUs } = run;
      taken.push({ value: quantiles![1] * 1_000, waitedUs });
    }
    return summarize(quietest(taken).map(({ value }) => value));
  }

  /**
   * Lets V8 compile the code of a workload. Acts counted before that would take
   * far less than `runMs` afterwards, and their times would reflect the amount
   * of code.
   */
  async #warmUp(pair: Pair, workload: Workload): Promise<void> {
    await pair.count(workload, WARM_RUNS * this.#effort.runMs);
  }

  /**
   * Returns a function that measures the time of one act. Both sides run for
   * about the same time, so that a slow side does not take most of it.
   */
  async #timing(
    { workload }: Comparison,
    subject: string,
    transport: Transport,
  ): Promise<() => Promise<Measurement>> {
    const pair: Pair = await this.#harness.pair({ subject, transport });
    await this.#warmUp(pair, workload);
    const acts = await pair.count(workload, this.#effort.runMs);
    if (acts === 0) {
      throw new Error(`'${subject}' has no ${workloadName(workload)}`);
    }
    return async () => {
      const { ms, count, waitedUs } = await pair.run(workload, acts, false);
      return { value: ms / count, waitedUs };
    };
  }
}
