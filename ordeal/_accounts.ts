import {
  ConnectionClosedError,
  QueueFullError,
  RemoteError,
  SerializationError,
  ServerBusyError,
  TimeoutError,
} from "../channel/errors.ts";
import {
  AgentNotFoundError,
  ReferenceReleasedError,
  UnsupportedByPeerError,
} from "../rpc/errors.ts";
import { ContainerClosedError } from "../agent/errors.ts";
import { ConnectError } from "../transports/errors.ts";
import type { Tally } from "./_tally.ts";

/** What a call in a storm may end with. */
const LOSSES = [
  ConnectionClosedError,
  ConnectError,
  TimeoutError,
  ServerBusyError,
  QueueFullError,
  AgentNotFoundError,
  ContainerClosedError,
  ReferenceReleasedError,
] as const;

/** Whether an error says that something was lost, cut or given up. */
export function isLoss(error: unknown): boolean {
  // A method that called another tells of that one's loss.
  if (error instanceof RemoteError) {
    return error.remoteName === "AbortError" ||
      LOSSES.some(({ name }) => name === error.remoteName);
  }
  // A peer whose hello was lost is taken for one that has no streams.
  const cause = error instanceof SerializationError ? error.cause : null;
  return cause instanceof UnsupportedByPeerError ||
    LOSSES.some((kind) => error instanceof kind);
}

/** Whether an error says that the request did not run. */
function isUnsent(error: unknown): boolean {
  return error instanceof ServerBusyError ||
    ((error instanceof ConnectionClosedError ||
      error instanceof TimeoutError) && !error.sent);
}

/** How a call may be counted. */
export interface CallTerms {
  /** How reports call it. */
  readonly kind: string;
  /** Whether it may run twice. */
  readonly isIdempotent?: boolean;
}

/**
 * The books of a storm: each call has a number, and is accounted for on both
 * sides.
 */
export class Accounts {
  readonly #tally: Tally;
  readonly #trial: string;
  readonly #open = new Map<number, CallTerms>();
  readonly #runs = new Map<number, number>();
  readonly #terms: CallTerms[] = [];
  readonly #answered = new Set<number>();
  readonly #unsent = new Set<number>();

  /** Opens empty books for a trial of that name. */
  constructor(trial: string, tally: Tally) {
    this.#trial = trial;
    this.#tally = tally;
  }

  /** The call of that number runs. Returns the number. */
  run(n: number): number {
    this.#runs.set(n, (this.#runs.get(n) ?? 0) + 1);
    return n;
  }

  /** Makes a call, which must be answered with its own number. Never rejects. */
  async call(
    terms: CallTerms,
    make: (n: number) => Promise<unknown>,
  ): Promise<boolean> {
    const n = this.#terms.push(terms) - 1;
    this.#open.set(n, terms);
    try {
      const reply = await make(n);
      this.#answered.add(n);
      this.#tally.add("calls answered");
      if (reply !== n) {
        this.#breach(n, `was answered with ${JSON.stringify(reply)}`);
      }
      return true;
    } catch (error) {
      this.#fail(n, error);
      return false;
    } finally {
      this.#open.delete(n);
    }
  }

  #fail(n: number, error: unknown): void {
    const name = error instanceof Error ? error.name : typeof error;
    this.#tally.add(`failed: ${name}`);
    if (!isLoss(error)) this.#breach(n, `failed with ${Deno.inspect(error)}`);
    if (isUnsent(error)) this.#unsent.add(n);
  }

  /** Balances the books. */
  close(): void {
    this.#tally.add("calls", this.#terms.length);
    for (const n of this.#open.keys()) this.#breach(n, "was never settled");
    for (const [n, terms] of this.#terms.entries()) {
      const runs = this.#runs.get(n) ?? 0;
      if (runs > 1) this.#tally.add("ran twice, as idempotent ones may");
      if (runs > 1 && !terms.isIdempotent) this.#breach(n, `ran ${runs} times`);
      if (runs === 0 && this.#answered.has(n)) {
        this.#breach(n, "was answered though it never ran");
      }
      if (runs > 0 && this.#unsent.has(n)) {
        this.#breach(n, "ran though its error says that it cannot have");
      }
    }
  }

  #breach(n: number, what: string): void {
    const { kind } = this.#terms[n]!;
    this.#tally.breach(`${this.#trial}: call ${n} ('${kind}') ${what}`);
  }
}
