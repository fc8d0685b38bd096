import {
  type CallLog,
  type CallTerms,
  type Entry,
  logCall,
} from "../_call_log.ts";
import { printLine } from "../../shared/peer_process.ts";

/**
 * The log of a process that will be killed. It prints each entry at once, so
 * that the parent knows it when the process is killed.
 */
export class PrintedCallLog implements CallLog {
  #next: number;

  /** Numbers its own calls from `first`. */
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
    return logCall(this.#next++, terms, make, enter);
  }
}

function enter(entry: Entry): void {
  printLine(JSON.stringify(entry));
}
