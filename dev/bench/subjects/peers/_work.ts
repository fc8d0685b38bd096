import { type Answer, answer } from "../subject.ts";

/** Sends back what it gets. */
export function echo<T>(payload: T): T {
  return payload;
}

/** What a call waits for that is never answered. */
export function hang(): Promise<never> {
  return new Promise(() => {});
}

/** The answer at place `n` of a stream. */
export function nthAnswer(n: number): Answer {
  return answer({ name: "Ada", n });
}

/** Counts the answers of a stream. */
export class AnswerCount {
  #seen = 0;

  /**
   * Takes the next one.
   *
   * @throws {Error} If another one was due.
   */
  add({ n }: Answer): void {
    if (n !== this.#seen) {
      throw new Error(`Answer ${this.#seen} of the stream was that to ${n}`);
    }
    this.#seen++;
  }

  /**
   * Ends the stream.
   *
   * @throws {Error} If it had another number of answers.
   */
  end(count: number): void {
    if (this.#seen !== count) {
      throw new Error(`A stream of ${count} answers ended after ${this.#seen}`);
    }
  }
}

/** Takes a stream of `count` answers to its end. */
export async function takeAnswers(
  answers: AsyncIterable<Answer>,
  count: number,
): Promise<void> {
  const taken = new AnswerCount();
  for await (const answer of answers) taken.add(answer);
  taken.end(count);
}
