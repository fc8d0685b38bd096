import {
  type Books,
  callByBooks,
  type CallTerms,
  type Entry,
} from "../_books.ts";
import { tell } from "./_parent.ts";

/**
 * The books of a process that is to be killed: each entry is told at once, so
 * that it is known of whatever comes after.
 */
export class Journal implements Books {
  #next: number;

  /** Its own calls are numbered from `first`. */
  constructor(first: number) {
    this.#next = first;
  }

  run(n: number): number {
    enter({ is: "run", n });
    return n;
  }

  call(
    terms: CallTerms,
    make: (n: number) => Promise<unknown>,
  ): Promise<boolean> {
    return callByBooks(this.#next++, terms, make, enter);
  }
}

function enter(entry: Entry): void {
  tell(JSON.stringify(entry));
}
