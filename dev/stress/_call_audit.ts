import {
  type CallLog,
  type CallTerms,
  type Entry,
  logCall,
  NUMBERS_EACH,
} from "./_call_log.ts";
import type { Counters } from "./_counters.ts";

/** A call and its state; `gone` if its caller's process was killed. */
interface Account {
  readonly terms: CallTerms;
  state: "open" | "answered" | "failed" | "unsent" | "gone";
}

/**
 * Checks the calls of a storm, which are numbered and logged on both sides.
 * Entries of other processes may arrive in any order.
 */
export class CallAudit implements CallLog {
  readonly #counters: Counters;
  readonly #trial: string;
  readonly #audit = new Map<number, Account>();
  readonly #runs = new Map<number, number>();
  #next = 0;

  /** Creates an audit without calls for the named trial. */
  constructor(trial: string, counters: Counters) {
    this.#trial = trial;
    this.#counters = counters;
  }

  run(n: number): number {
    this.#runs.set(n, (this.#runs.get(n) ?? 0) + 1);
    return n;
  }

  call(
    terms: CallTerms,
    make: (n: number) => Promise<unknown>,
  ): Promise<boolean> {
    return logCall(this.#next++, terms, make, (it) => this.enter(it));
  }

  /** Adds an entry. */
  enter(entry: Entry): void {
    const { n } = entry;
    switch (entry.is) {
      case "run":
        return void this.run(n);
      case "made":
        this.#counters.add("calls");
        this.#counters.add(`call: ${entry.terms.kind}`);
        return void this.#audit.set(n, {
          terms: entry.terms,
          state: "open",
        });
      case "answered":
        this.#counters.add("calls answered");
        this.#audit.get(n)!.state = "answered";
        break;
      case "failed":
        this.#counters.add(`failed: ${entry.name}`);
        this.#audit.get(n)!.state = entry.isUnsent ? "unsent" : "failed";
    }
    if (entry.trouble !== null) this.#breach(n, entry.trouble);
  }

  /** Marks the open calls of a killed process, numbered from `first`. */
  abandon(first: number): void {
    for (const [n, account] of this.#audit) {
      if (n < first || n >= first + NUMBERS_EACH) continue;
      if (account.state !== "open") continue;
      account.state = "gone";
      this.#counters.add("calls gone");
    }
  }

  /** Reports every call that broke a guarantee. */
  close(): void {
    for (const [n, { terms, state }] of this.#audit) {
      const runs = this.#runs.get(n) ?? 0;
      if (state === "open") this.#breach(n, "was never settled");
      if (runs > 1) this.#counters.add("ran twice, as idempotent ones may");
      if (runs > 1 && !terms.isIdempotent) this.#breach(n, `ran ${runs} times`);
      if (runs === 0 && state === "answered") {
        this.#breach(n, "was answered though it never ran");
      }
      if (runs > 0 && state === "unsent") {
        this.#breach(n, "ran though its error says that it cannot have");
      }
    }
    for (const n of this.#runs.keys()) {
      if (!this.#audit.has(n)) this.#breach(n, "ran though nobody made it");
    }
  }

  #breach(n: number, what: string): void {
    const kind = this.#audit.get(n)?.terms.kind ?? "unknown";
    this.#counters.breach(`${this.#trial}: call ${n} ('${kind}') ${what}`);
  }
}
