import { ServerBusyError } from "../../channel/errors.ts";

/** What came of calls that no fault troubles. */
export interface Outcome {
  readonly made: number;
  readonly answered: number;
  /** Those that the server did not take, as it was asked too often. */
  readonly refused: number;
  /** What went wrong, a sentence each; the first few. */
  readonly troubles: readonly string[];
}

/** So many sentences are kept. */
const MOST_TROUBLES = 5;

/** Makes numbered calls, each of which must be answered with its number. */
export class Numbered {
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

  /** What came of all calls so far. */
  outcome(): Outcome {
    return {
      made: this.#made,
      answered: this.#answered,
      refused: this.#refused,
      troubles: this.#troubles,
    };
  }
}
