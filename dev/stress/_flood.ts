import type { TrialWorld } from "./_trial.ts";

/** How many requests one client keeps under way. */
export const FLOOD = 5_000;
/** How many other clients there are. */
export const OTHERS = 4;
/** How many times as long the others may wait, by their p99s. */
const MOST_TIMES = 10;
/** What they must never wait longer than, in milliseconds. */
const LONGEST_MS = 5_000;

/** How long the others waited. */
interface Waits {
  readonly medianMs: number;
  readonly p99Ms: number;
}

/** What came of a flood. */
export interface FloodFigures {
  /** What reports call it. */
  readonly kind: string;
  readonly quiet: Waits;
  readonly flooded: Waits;
  /** The most slow calls that ran at once. */
  readonly mostUnderWay: number;
  /** Calls of the flood that the server refused. */
  readonly refused: number;
}

/**
 * Notes the figures. In a short run they are at the mercy of whatever else the
 * machine does, and a flood that is refused takes all the time that the server
 * has: there only a wait beyond all measure breaks a promise.
 */
export function noteFlood(
  { kind, quiet, flooded, mostUnderWay, refused }: FloodFigures,
  { ctx, tally, name, isLong }: TrialWorld,
): void {
  const times = flooded.p99Ms / quiet.p99Ms;
  const isJudged = isLong && refused === 0;
  if (flooded.p99Ms > LONGEST_MS || (isJudged && times > MOST_TIMES)) {
    tally.breach(
      `${name}: the others' p99 is ${
        flooded.p99Ms.toFixed(2)
      } ms beside the flood, and was ${quiet.p99Ms.toFixed(2)} ms`,
    );
  }
  tally.note("flood", [
    kind,
    ctx.transport,
    refused.toLocaleString("en"),
    mostUnderWay.toLocaleString("en"),
    ...[quiet, flooded].flatMap(({ medianMs, p99Ms }) =>
      [medianMs, p99Ms].map((ms) => `${ms.toFixed(2)} ms`)
    ),
    times.toFixed(1),
  ]);
}
