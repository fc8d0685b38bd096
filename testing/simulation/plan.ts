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

/** The settings of {@linkcode Chaos} that are not chances. */
const SETTINGS = ["forMs", "delayMs", "skewMs"];

/** The default length of a run, in virtual milliseconds. */
export const RUN_MS = 60_000;

/** The interval in which each kind may begin once, in milliseconds. */
const SLOT_MS = 60_000;

/**
 * Checks the chances of faults.
 *
 * @throws {TypeError} If a kind is unknown.
 * @throws {RangeError} If a chance is not from 0 to 1.
 */
export function checkChaos(chaos: Chaos): void {
  for (const [kind, chance] of Object.entries(chaos)) {
    if (SETTINGS.includes(kind)) continue;
    checkKind(kind);
    if (chance === undefined || chance >= 0 && chance <= 1) continue;
    throw new RangeError(
      `Cannot simulate: the chance of '${kind}' is ${chance}, it must be from 0 to 1`,
    );
  }
}

/**
 * Checks a fault of a run that lasts until `untilMs`.
 *
 * @throws {TypeError} If its kind is unknown.
 * @throws {RangeError} If it begins before or after the run.
 */
export function checkFault(fault: PlannedFault, untilMs: number): void {
  const { kind, node, atMs } = fault;
  checkKind(kind);
  if (atMs >= 0 && atMs <= untilMs) return;
  throw new RangeError(
    `Cannot simulate: the 'atMs' of ${kind} of '${node}' is ${atMs}, it must be from 0 to ${untilMs}, the end of the run`,
  );
}

function checkKind(kind: string): void {
  if (KINDS.some((known) => known === kind)) return;
  throw new TypeError(
    `Cannot simulate: '${kind}' is no kind of fault, name one of '${
      KINDS.join("', '")
    }'`,
  );
}

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
