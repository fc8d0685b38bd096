import type { Arena } from "./_arena.ts";
import type { Comparison } from "./comparisons.ts";
import {
  judge,
  measurePairs,
  spreadOf,
  summarize,
  summarizeRatios,
  type Summary,
  type Verdict,
} from "./_pairs.ts";
import { callsWithin, timeCalls } from "./_workload.ts";
import type { Caller } from "./subjects/subject.ts";

/** How thoroughly to measure. */
export interface Effort {
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

/** What came out. */
export interface Outcome {
  readonly comparison: Comparison;
  /** Median time of a call of the subject, in µs. */
  readonly us: number;
  /** The rest is `null` where there is no baseline. */
  readonly against: Against | null;
}

/** The subject against its baseline. */
export interface Against {
  /** Median time of a call of the baseline, in µs. */
  readonly us: number;
  /** Of the times, or of the calls/s: see {@linkcode Comparison.target}. */
  readonly ratio: Summary;
  /** The same ratio of the baseline to itself. */
  readonly itself: Summary;
  /** `null` where there is no target. */
  readonly verdict: Verdict | null;
}

/** Measures one comparison. */
export async function compare(
  arena: Arena,
  comparison: Comparison,
  effort: Effort,
): Promise<Outcome> {
  const { subject, baseline, transport, inFlight, target } = comparison;
  const { pairs } = effort;
  const runMs = inFlight === 1 ? effort.runMs : effort.loadedRunMs;
  const own = await arena.caller(subject, transport);
  if (baseline === null) {
    const calls = await callsWithin(runMs, own, inFlight);
    const times: number[] = [];
    while (times.length < pairs) {
      times.push(await timeCalls(own, calls, inFlight));
    }
    return { comparison, us: summarize(times).median, against: null };
  }

  const base = await arena.caller(baseline, transport);
  const twin = await arena.caller(baseline, transport, 1);
  const calls = await callsWithin(runMs, base, inFlight);
  await callsWithin(runMs, twin, inFlight);
  await callsWithin(runMs, own, inFlight);
  const time = (caller: Caller) => () => timeCalls(caller, calls, inFlight);

  const timePairs = await measurePairs(pairs, time(base), time(own));
  const ownPairs = await measurePairs(pairs, time(base), time(twin));
  const ratiosOf = (measured: typeof timePairs) =>
    summarizeRatios(inFlight === 1 ? measured : measured.map(invert));
  const ratio = ratiosOf(timePairs);
  const itself = ratiosOf(ownPairs);
  return {
    comparison,
    us: summarize(timePairs.map(({ second }) => second)).median,
    against: {
      us: summarize(timePairs.map(({ first }) => first)).median,
      ratio,
      itself,
      verdict: target && judge(ratio.median, target, spreadOf(itself)),
    },
  };
}

/** From times to rates. */
function invert(pair: { first: number; second: number }): typeof pair {
  return { first: 1 / pair.first, second: 1 / pair.second };
}
