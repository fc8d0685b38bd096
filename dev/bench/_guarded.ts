import { type Comparison, isSequential, over } from "./comparisons.ts";
import { SEQUENTIAL, type Workload, workloadName } from "./workloads.ts";

/** Ratios that were taken before. */
export interface KnownRatios {
  /** What they were taken with. */
  readonly machine: string;
  /** How fast the subject was, as a share of its baseline, by row. */
  readonly speeds: Readonly<Record<string, number>>;
}

const LOADED: Workload = { kind: "call", inFlight: 64 };
const CROWDED: Workload = { kind: "call", inFlight: 1_024 };

/** What is guarded: each layer over the one below it, and the codecs. */
export const GUARDED: readonly Comparison[] = [
  over("channel", "bare", SEQUENTIAL, null),
  over("channel", "bare", LOADED, null),
  over("channel", "bare", CROWDED, null),
  over("rpc", "channel", LOADED, null),
  over("agent", "rpc", LOADED, null),
  over("channel-msgpack", "channel", LOADED, null),
  over("channel", "bare", { kind: "echo", bytes: 2 ** 16, inFlight: 8 }, null),
  { ...over("channel", "codec", LOADED, null), transport: "memory" },
];

/** How a row is called. */
export function rowOf(comparison: Comparison): string {
  const { subject, baseline, transport, workload } = comparison;
  return `${subject} / ${baseline}, ${workloadName(workload)}, ${transport}`;
}

/** The speed that a ratio stands for: more is better. */
export function speedOf(comparison: Comparison, ratio: number): number {
  return isSequential(comparison) ? 1 / ratio : ratio;
}

/** Down to this share of what it was, a speed may have fallen. */
const LEAST_SHARE = 0.8;

/** Whether a speed has fallen by more than a fifth. */
export function hasFallen(speed: number, known: number): boolean {
  return speed < known * LEAST_SHARE;
}
