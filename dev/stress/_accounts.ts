import {
  type Books,
  callByBooks,
  type CallTerms,
  type Entry,
  NUMBERS_EACH,
} from "./_books.ts";
import type { Tally } from "./_tally.ts";

/** What has become of a call: `gone` is its caller, with its process. */
interface Account {
  readonly terms: CallTerms;
  state: "open" | "answered" | "failed" | "unsent" | "gone";
}

/**
 * The books of a storm: each call has a number, and is accounted for on both
 * sides. Other processes' entries are put in by `enter`, in any order.
 */
export class Accounts implements Books {
  readonly #tally: Tally;
  readonly #trial: string;
  readonly #accounts = new Map<number, Account>();
  readonly #runs = new Map<number, number>();
  #next = 0;

  /** Opens empty books for a trial of that name. */
  constructor(trial: string, tally: Tally) {
    this.#trial = trial;
    this.#tally = tally;
  }

  run(n: number): number {
    this.#runs.set(n, (this.#runs.get(n) ?? 0) + 1);
    return n;
  }

  call(
    terms: CallTerms,
    make: (n: number) => Promise<unknown>,
  ): Promise<boolean> {
    return callByBooks(this.#next++, terms, make, (it) => this.enter(it));
  }

  /** Puts something in. */
  enter(entry: Entry): void {
    const { n } = entry;
    switch (entry.is) {
      case "run":
        return void this.run(n);
      case "made":
        this.#tally.add("calls");
        this.#tally.add(`call: ${entry.terms.kind}`);
        return void this.#accounts.set(n, {
          terms: entry.terms,
          state: "open",
        });
      case "answered":
        this.#tally.add("calls answered");
        this.#accounts.get(n)!.state = "answered";
        break;
      case "failed":
        this.#tally.add(`failed: ${entry.name}`);
        this.#accounts.get(n)!.state = entry.isUnsent ? "unsent" : "failed";
    }
    if (entry.trouble !== null) this.#breach(n, entry.trouble);
  }

  /** The process whose calls are numbered from `first` has been killed. */
  abandon(first: number): void {
    for (const [n, account] of this.#accounts) {
      if (n < first || n >= first + NUMBERS_EACH) continue;
      if (account.state !== "open") continue;
      account.state = "gone";
      this.#tally.add("calls gone");
    }
  }

  /** Balances the books. */
  close(): void {
    for (const [n, { terms, state }] of this.#accounts) {
      const runs = this.#runs.get(n) ?? 0;
      if (state === "open") this.#breach(n, "was never settled");
      if (runs > 1) this.#tally.add("ran twice, as idempotent ones may");
      if (runs > 1 && !terms.isIdempotent) this.#breach(n, `ran ${runs} times`);
      if (runs === 0 && state === "answered") {
        this.#breach(n, "was answered though it never ran");
      }
      if (runs > 0 && state === "unsent") {
        this.#breach(n, "ran though its error says that it cannot have");
      }
    }
    for (const n of this.#runs.keys()) {
      if (!this.#accounts.has(n)) this.#breach(n, "ran though nobody made it");
    }
  }

  #breach(n: number, what: string): void {
    const kind = this.#accounts.get(n)?.terms.kind ?? "unknown";
    this.#tally.breach(`${this.#trial}: call ${n} ('${kind}') ${what}`);
  }
}
