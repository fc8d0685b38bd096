import { ServerBusyError } from "../../channel/errors.ts";

/** The outcome of calls without faults. */
export interface Outcome {
  readonly made: number;
  readonly answered: number;
  /** Calls that the server refused because there were too many. */
  readonly refused: number;
  /** One sentence for each of the first few failures. */
  readonly troubles: readonly string[];
}

/** The maximum number of sentences to keep. */
const MOST_TROUBLES = 5;

/** Makes calls that must return their own number. */
export class NumberedCalls {
  #made = 0;
  #answered = 0;
  #refused = 0;
  readonly #troubles: string[] = [];

  /** Makes a call. Never rejects. */
  async call(make: (n: number) => Promise<number>): Promise<void> {
    const n = this.#made++;
    try {
      const reply = await make(n);
      if (reply === n) this.#answered++;
      else this.#note(`call ${n} was answered with ${reply}`);
    } catch (error) {
      if (error instanceof ServerBusyError) return void this.#refused++;
      this.#note(`call ${n} failed with ${Deno.inspect(error)}`);
    }
  }

  #note(trouble: string): void {
    if (this.#troubles.length < MOST_TROUBLES) this.#troubles.push(trouble);
  }

  /** Returns the outcome of all calls so far. */
  outcome(): Outcome {
    return {
      made: this.#made,
      answered: this.#answered,
      refused: this.#refused,
      troubles: this.#troubles,
    };
  }
}
