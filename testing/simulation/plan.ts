import { type Random, randomInteger } from "../network/random.ts";
import type { FaultKind, PlannedFault } from "./trace/trace.ts";

/** All kinds of faults, in the order in which plans draw them. */
const KINDS: readonly FaultKind[] = [
  ...["partition", "hold", "delay", "reset", "half-open"] as const,
  ...["crash", "pause", "skew"] as const,
];

/** Kinds of faults that have no duration. */
const MOMENTARY: readonly FaultKind[] = ["reset", "half-open"];

/**
 * The probability, from 0 to 1, that a fault of each kind begins at a node
 * within one minute.
 */
export interface Chaos extends Readonly<Partial<Record<FaultKind, number>>> {
  /**
   * The minimum and maximum duration of a fault, in virtual milliseconds.
   *
   * @default {[100, 10_000]}
   */
  readonly forMs?: readonly [number, number];
  /**
   * The minimum and maximum that a `delay` adds, in virtual milliseconds.
   *
   * @default {[10, 2_000]}
   */
  readonly delayMs?: readonly [number, number];
  /**
   * The maximum by which `skew` moves a clock in either direction, in
   * milliseconds.
   *
   * @default {60_000}
   */
  readonly skewMs?: number;
}

/** The interval in which each kind may begin once, in milliseconds. */
const SLOT_MS = 60_000;

/** Draws the faults of one node, sorted by start time. */
export function drawFaults(
  chaos: Chaos,
  node: string,
  { fromMs, untilMs, random }: {
    readonly fromMs: number;
    readonly untilMs: number;
    readonly random: Random;
  },
): PlannedFault[] {
  const { forMs: [least, most] = [100, 10_000], skewMs = 60_000 } = chaos;
  const [leastDelay, mostDelay] = chaos.delayMs ?? [10, 2_000];
  const faults: PlannedFault[] = [];
  for (let slot = fromMs; slot < untilMs; slot += SLOT_MS) {
    for (const kind of KINDS) {
      const share = Math.min(1, (untilMs - slot) / SLOT_MS);
      const isDrawn = random() < (chaos[kind] ?? 0) * share;
      const atMs = Math.floor(slot + random() * SLOT_MS * share);
      const lastsMs = randomInteger(random, least, most);
      const amountMs = kind === "delay"
        ? randomInteger(random, leastDelay, mostDelay)
        : randomInteger(random, -skewMs, skewMs);
      if (!isDrawn) continue;
      faults.push({
        kind,
        node,
        atMs,
        forMs: MOMENTARY.includes(kind) ? 0 : lastsMs,
        ...(["delay", "skew"].includes(kind) && { amountMs }),
      });
    }
  }
  return faults.toSorted((a, b) => a.atMs - b.atMs);
}

/**
 * Formats faults as one line, such as `hold:ada:14270+3564`: kind, node, start
 * time and duration, followed by `=` and the amount if there is one.
 */
export function formatFaults(faults: readonly PlannedFault[]): string {
  return faults.map(({ kind, node, atMs, forMs, amountMs }) => {
    const amount = amountMs === undefined ? "" : `=${amountMs}`;
    return `${kind}:${encodeURIComponent(node)}:${atMs}+${forMs}${amount}`;
  }).join(",");
}

/**
 * Parses the output of {@linkcode formatFaults}.
 *
 * @throws {SyntaxError} If the text does not have that format.
 */
export function parseFaults(text: string): PlannedFault[] {
  return text.split(",").filter((it) => it.trim() !== "").map((part) => {
    const match = /^([a-z-]+):([^:]*):(\d+)\+(\d+)(?:=(-?\d+))?$/
      .exec(part.trim());
    const kind = match?.[1] as FaultKind;
    if (match === null || !KINDS.includes(kind)) {
      throw new SyntaxError(
        `Cannot read faults: '${part}' is no fault, write it as 'hold:node:14270+3564' with one of ${
          KINDS.join(", ")
        }`,
      );
    }
    const [, , node, atMs, forMs, amountMs] = match;
    return {
      kind,
      node: decodeURIComponent(node!),
      atMs: Number(atMs),
      forMs: Number(forMs),
      ...(amountMs !== undefined && { amountMs: Number(amountMs) }),
    };
  });
}

/** Describes a fault in a few words. */
export function describeFault(fault: PlannedFault): string {
  const { kind, node, atMs, forMs, amountMs } = fault;
  const by = amountMs === undefined ? "" : ` by ${amountMs} ms`;
  const length = forMs === 0 ? "" : ` for ${(forMs / 1_000).toFixed(3)} s`;
  return `${kind} of '${node}'${by} at ${(atMs / 1_000).toFixed(3)} s${length}`;
}
