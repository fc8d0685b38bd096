import type { Arena, Stand, Variant } from "./_arena.ts";
import { summarize, type Summary } from "./_pairs.ts";
import { type NamedWorkload, workloadName } from "./workloads.ts";

/** What came out of a workload of a variant. */
export interface Figure {
  readonly variant: Variant;
  /** The name of the workload. */
  readonly workload: string;
  /** Calls, echoes or items a second, over the rounds. */
  readonly rate: Summary;
  /**
   * Medians over the rounds of what half, 99 % and 99.9 % of the calls did not
   * exceed, in µs; `null` where there were too few to tell.
   */
  readonly us: readonly (number | null)[];
  /** CPU time of the client for each, in µs, in the median. */
  readonly clientUs: number;
  /** The same of the server; `null` where both are one process. */
  readonly serverUs: number | null;
}

/** What a variant takes, whatever it does. */
export interface Footprint {
  readonly variant: Variant;
  /** Bytes of a call and its answer on the wire; `null` where it has none. */
  readonly wireBytes: number | null;
  /** The most memory of the client's process, in bytes. */
  readonly clientBytes: number;
  /** The same of the server's; `null` where both are one process. */
  readonly serverBytes: number | null;
}

/** What could not be measured. */
export interface LeftOut {
  readonly what: string;
  readonly why: string;
}

/** How thoroughly to measure. */
export interface FigureEffort {
  readonly rounds: number;
  /** How long one round of one variant is. */
  readonly runMs: number;
}

interface Sample {
  readonly rate: number;
  readonly us: readonly number[];
  readonly clientUs: number;
  readonly serverUs: number | null;
}

interface Contestant {
  readonly variant: Variant;
  readonly stand: Stand;
  readonly acts: number;
  readonly samples: Sample[];
}

/** So many acts it takes for each quantile to mean something. */
const LEAST_ACTS = [1, 100, 1_000];

/** Measures a workload of all variants, in turns. */
export async function measureFigures(
  arena: Arena,
  variants: readonly Variant[],
  { workload }: NamedWorkload,
  { rounds, runMs }: FigureEffort,
): Promise<{ figures: Figure[]; leftOut: LeftOut[] }> {
  const contestants: Contestant[] = [];
  const leftOut: LeftOut[] = [];
  const leaveOut = (variant: Variant, error: unknown) =>
    leftOut.push({
      what: `${nameOf(variant)}, ${workloadName(workload)}`,
      why: error instanceof Error ? error.message : String(error),
    });
  for (const variant of variants) {
    try {
      const stand = await arena.stand(variant);
      const acts = await stand.count(workload, runMs);
      if (acts === 0) continue;
      contestants.push({ variant, stand, acts, samples: [] });
    } catch (error) {
      leaveOut(variant, error);
    }
  }
  const failed = new Set<Contestant>();
  for (let round = 0; round < rounds; round++) {
    // Each is first in some round.
    const first = Math.floor(round * contestants.length / rounds);
    for (
      const contestant of [
        ...contestants.slice(first),
        ...contestants.slice(0, first),
      ]
    ) {
      if (failed.has(contestant)) continue;
      try {
        contestant.samples.push(await takeSample(contestant, workload));
      } catch (error) {
        failed.add(contestant);
        leaveOut(contestant.variant, error);
      }
    }
  }
  return {
    figures: contestants.filter((it) => !failed.has(it)).map((contestant) =>
      figureOf(contestant, workloadName(workload))
    ),
    leftOut,
  };
}

async function takeSample(
  { stand, acts }: Contestant,
  workload: NamedWorkload["workload"],
): Promise<Sample> {
  const before = await stand.serverUsage();
  const { ms, count, quantiles, cpuUs } = await stand.run(workload, acts, true);
  const after = await stand.serverUsage();
  return {
    rate: count / ms * 1_000,
    us: (quantiles ?? []).map((quantile) => quantile * 1_000),
    clientUs: cpuUs / count,
    serverUs: before === null || after === null
      ? null
      : (after.cpuUs - before.cpuUs) / count,
  };
}

function figureOf(
  { variant, acts, samples }: Contestant,
  workload: string,
): Figure {
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

/** Tells what a variant takes; ask when all else is measured. */
export async function measureFootprint(
  arena: Arena,
  variant: Variant,
): Promise<Footprint> {
  const stand = await arena.stand(variant);
  const wireBytes = variant.transport === "tcp"
    ? await stand.bytesPerCall()
    : null;
  const { peakBytes } = await stand.run(
    { kind: "call", inFlight: 1 },
    1,
    false,
  );
  return {
    variant,
    wireBytes,
    clientBytes: peakBytes,
    serverBytes: (await stand.serverUsage())?.peakBytes ?? null,
  };
}

/** How reports call a variant. */
export function nameOf({ subject, transport }: Variant): string {
  return `${subject} over ${transport}`;
}
