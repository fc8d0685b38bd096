import type { Table } from "../../shared/tables.ts";
import type { LoadFigures } from "./_call_load.ts";

/** The effects of a fault on the calls of one client. */
export interface Outcome {
  /** The fault, such as `"server stopped (SIGSTOP)"`. */
  readonly fault: string;
  /** The duration of the fault, in milliseconds. */
  readonly lastedMs: number;
  readonly load: LoadFigures;
  /** The documented limit of a call, in milliseconds. */
  readonly boundMs: number;
  /** The time from the fault to the end of the connection, in milliseconds. */
  readonly noticedMs: number | null;
  /** The documented limit of that time, in milliseconds. */
  readonly noticeBoundMs?: number;
  /** The time from the end of the fault to the next answer, in milliseconds. */
  readonly backMs: number | null;
}

/**
 * The possible delay of timers on a busy machine, in milliseconds. Heartbeats
 * ignore time in which their process was busy.
 */
const SLACK_MS = 1_000;

/**
 * Returns the guarantees that an outcome violates. Times may exceed their
 * limits by `slackMs`.
 */
export function breachesOf(outcome: Outcome, slackMs = SLACK_MS): string[] {
  const { fault, load, boundMs, noticedMs, backMs } = outcome;
  const { noticeBoundMs = Infinity } = outcome;
  const breaches = [...load.breaches];
  if (load.answered === 0) breaches.push("no call was answered");
  if (load.longestMs > boundMs + slackMs) {
    breaches.push(`a call took ${seconds(load.longestMs)}`);
  }
  if ((noticedMs ?? 0) > noticeBoundMs + slackMs) {
    breaches.push(`it was noticed after ${seconds(noticedMs)}`);
  }
  if (backMs === null) breaches.push("the client did not come back");
  return breaches.map((it) => `${fault}: ${it}`);
}

/** Returns the table of all outcomes. */
export function tableOf(outcomes: readonly Outcome[]): Table {
  return [
    [
      "Fault",
      "lasted",
      "calls",
      "failed",
      "slowest call",
      "its limit",
      "noticed after",
      "back after",
    ],
    ...outcomes.map((it) => [
      it.fault,
      seconds(it.lastedMs),
      it.load.made.toLocaleString("en"),
      it.load.failed.toLocaleString("en"),
      seconds(it.load.longestMs),
      seconds(it.boundMs),
      seconds(it.noticedMs),
      seconds(it.backMs),
    ]),
  ];
}

function seconds(ms: number | null): string {
  return ms === null ? "–" : `${(ms / 1_000).toFixed(1)} s`;
}
