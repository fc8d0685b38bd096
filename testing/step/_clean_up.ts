import { StepError } from "../errors.ts";
import { settledWithin } from "./_within.ts";
import { withoutStack } from "./_without_stack.ts";

/** How long one piece may take. */
const PIECE_MS = 2_000;

interface Piece {
  readonly what: string;
  readonly run: () => void | Promise<void>;
}

/** What is to be undone at the end of a step, in reverse order. */
export class CleanUp {
  readonly #pieces: Piece[] = [];
  readonly #pieceMs: number;

  /** Makes an empty list, each piece of which may take `pieceMs`. */
  constructor(pieceMs: number = PIECE_MS) {
    this.#pieceMs = pieceMs;
  }

  /** Adds a piece; `what` tells in a report what it ends. */
  add(what: string, run: Piece["run"]): void {
    this.#pieces.push({ what, run });
  }

  /**
   * Runs all pieces, the last one first, each after the other, whatever
   * becomes of them. Returns what went wrong.
   */
  async run(): Promise<StepError[]> {
    const errors: StepError[] = [];
    let piece = this.#pieces.pop();
    while (piece !== undefined) {
      const error = await this.#runOne(piece);
      if (error !== null) errors.push(error);
      piece = this.#pieces.pop();
    }
    return errors;
  }

  async #runOne({ what, run }: Piece): Promise<StepError | null> {
    // Async, so that what it throws at once is a rejection, too.
    const result = await settledWithin(
      (async () => await run())(),
      this.#pieceMs,
    );
    if (result?.status === "fulfilled") return null;
    return withoutStack(() =>
      result === null
        ? new StepError(
          `Cannot clean up ${what}: it was not done within ${this.#pieceMs} ms`,
        )
        : new StepError(`Cannot clean up ${what}: it threw`, {
          cause: result.reason,
        })
    );
  }
}
