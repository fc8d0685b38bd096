import { AssertionError } from "node:assert";
import { setRealTimer, world } from "../../transports/internal.ts";
import { settledWithin } from "./settled_within.ts";

/** The default time limit of a probe, in milliseconds. */
const WITHIN_MS = 1_000;
/** The default time in which nothing must happen, in milliseconds. */
const NOTHING_MS = 20;
/** The number of immediate checks, before checks run each millisecond. */
const TURNS = 20;

/** Options for a probe that waits for something. */
export interface ProbeOptions {
  readonly withinMs?: number | undefined;
}

/**
 * The methods of a `Ctx` that wait for something to happen, or not to happen.
 */
export class Probes {
  readonly #ending: AbortSignal;

  /** Creates probes that end when `ending` aborts. */
  constructor(ending: AbortSignal) {
    this.#ending = ending;
  }

  async within<T>(
    work: Promise<T>,
    { withinMs = WITHIN_MS }: ProbeOptions = {},
  ): Promise<T> {
    const settled = await settledWithin(work, withinMs);
    if (settled === null) {
      throw failure(
        this.within,
        `Cannot go on: it was not there within ${withinMs} ms`,
      );
    }
    if (settled.status === "rejected") throw settled.reason;
    return settled.value;
  }

  async expectNothing(
    work: Promise<unknown>,
    { forMs = NOTHING_MS }: { readonly forMs?: number | undefined } = {},
  ): Promise<void> {
    const settled = await settledWithin(work, forMs);
    if (settled === null) return;
    const what = settled.status === "fulfilled"
      ? `it resolved to ${show(settled.value)}`
      : `it rejected with ${show(settled.reason)}`;
    throw failure(
      this.expectNothing,
      `Expected nothing for ${forMs} ms: ${what}`,
    );
  }

  async eventually<T>(
    check: () => T | Promise<T>,
    { withinMs = WITHIN_MS }: ProbeOptions = {},
  ): Promise<T> {
    let isLate = false;
    const timer = setRealTimer(withinMs, () => void (isLate = true));
    try {
      for (let round = 0;; round++) {
        const result = await attempt(check);
        if (result.isSo) return result.value;
        this.#ending.throwIfAborted();
        if (isLate) {
          throw failure(
            this.eventually,
            `Cannot go on: it was not so within ${withinMs} ms: ${result.why}`,
            result.cause,
          );
        }
        if (round < TURNS) await world.nextTurn();
        else await pause(1);
      }
    } finally {
      timer.stop();
    }
  }
}

type Attempt<T> =
  | { readonly isSo: true; readonly value: T }
  | { readonly isSo: false; readonly why: string; readonly cause: unknown };

/**
 * Runs a check, which fails by returning `false` or throwing, such as by an
 * assertion.
 */
async function attempt<T>(check: () => T | Promise<T>): Promise<Attempt<T>> {
  try {
    const value = await check();
    return value === false
      ? { isSo: false, why: "the check returned false", cause: undefined }
      : { isSo: true, value };
  } catch (cause) {
    return { isSo: false, why: "the check threw", cause };
  }
}

function pause(timeMs: number): Promise<void> {
  return new Promise((resolve) => setRealTimer(timeMs, resolve));
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 2, strAbbreviateSize: 60 });
}

/** Creates an `AssertionError`, so that reports show a failed assertion. */
function failure(
  // deno-lint-ignore ban-types -- the frames below it are left out
  probe: Function,
  message: string,
  cause?: unknown,
): AssertionError {
  const error = new AssertionError({ message, stackStartFn: probe });
  if (cause !== undefined) error.cause = cause;
  return error;
}
