import { type Harness, nameOf, type Pair, type Variant } from "./_harness.ts";
import { summarize, type Summary } from "./_ratios.ts";
import { type Workload, workloadName } from "./workloads.ts";

/** The figures of a variant with one workload. */
export interface Figure {
  readonly variant: Variant;
  /** The name of the workload. */
  readonly workload: string;
  /** Calls, echoes or items per second, over the rounds. */
  readonly rate: Summary;
  /**
   * Medians over the rounds of the quantiles 0.5, 0.99 and 0.999 of the times,
   * in µs; `null` for quantiles with too few acts.
   */
  readonly us: readonly (number | null)[];
  /** The median CPU time of the client per act, in µs. */
  readonly clientUs: number;
  /** The same for the server; `null` if both share one process. */
  readonly serverUs: number | null;
}

/** A measurement that failed. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** The effort of measuring figures. */
export interface FigureEffort {
  readonly rounds: number;
  /** The length of one round of one variant, in ms. */
  readonly runMs: number;
}

interface Sample {
  readonly rate: number;
  readonly us: readonly number[];
  readonly clientUs: number;
  readonly serverUs: number | null;
  /** How long the processes waited for a core, in µs. */
  readonly waitedUs: number;
}

interface Contestant {
  readonly variant: Variant;
  readonly pair: Pair;
  readonly acts: number;
  readonly samples: Sample[];
}

/** The minimum number of acts for each quantile. */
const LEAST_ACTS = [1, 100, 1_000];

/** Measures a workload of all variants, in turns. */
export async function measureFigures(
  harness: Harness,
  variants: readonly Variant[],
  workload: Workload,
  { rounds, runMs }: FigureEffort,
): Promise<{ figures: Figure[]; leftOut: LeftOut[] }> {
  const leftOut: LeftOut[] = [];
  const contestants: Contestant[] = [];
  const attempt = async (variant: Variant, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      const what = `${nameOf(variant)}, ${workloadName(workload)}`;
      leftOut.push({ what, why: messageOf(error) });
    }
  };
  for (const variant of variants) {
    await attempt(variant, async () => {
      const pair = await harness.pair(variant);
      const acts = await pair.count(workload, runMs);
      if (acts > 0) contestants.push({ variant, pair, acts, samples: [] });
    });
  }
  for (let round = 0; round < rounds; round++) {
    // Rotate the order, so that each variant is first in some round.
    const first = Math.floor(round * contestants.length / rounds);
    const order = [
      ...contestants.slice(first),
      ...contestants.slice(0, first),
    ];
    for (const contestant of order) {
      const { variant, samples } = contestant;
      if (samples.length < round) continue;
      await attempt(variant, async () => {
        samples.push(await takeSample(contestant, workload));
      });
    }
  }
  const figures = contestants
    .filter(({ samples }) => samples.length === rounds)
    .map((contestant) => figureOf(contestant, workloadName(workload)));
  return { figures, leftOut };
}

async function takeSample(
  { pair, acts }: Contestant,
  workload: Workload,
): Promise<Sample> {
  const before = await pair.serverCpuUs();
  const run = await pair.run(workload, acts, true);
  const { ms, count, quantiles, cpuUs, waitedUs } = run;
  const after = await pair.serverCpuUs();
  return {
    rate: count / ms * 1_000,
    us: quantiles!.map((quantile) => quantile * 1_000),
    waitedUs,
    clientUs: cpuUs / count,
    serverUs: before === null || after === null
      ? null
      : (after - before) / count,
  };
}

/** Uses the third of the samples whose processes waited least for a core. */
function figureOf(
  { variant, acts, samples: all }: Contestant,
  workload: string,
): Figure {
  const samples = all.toSorted((a, b) => a.waitedUs - b.waitedUs)
    .slice(0, Math.ceil(all.length / 3));
  const median = (values: readonly number[]) => summarize(values).median;
  const serverUs = samples.flatMap((sample) => sample.serverUs ?? []);
  return {
    variant,
    workload,
    rate: summarize(samples.map(({ rate }) => rate)),
    us: LEAST_ACTS.map((least, at) =>
      acts < least ? null : median(samples.map(({ us }) => us[at]!))
    ),
    clientUs: median(samples.map(({ clientUs }) => clientUs)),
    serverUs: serverUs.length === 0 ? null : median(serverUs),
  };
}

/** Returns the message of a thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
