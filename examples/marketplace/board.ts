import type { CallMiddleware, RequestMiddleware } from "@denomas/denomas/rpc";
import { startLiveLine } from "../print.ts";
import type { DrawnRound } from "./draw.ts";
import type { RoundReport } from "./market.ts";
import { ROUNDS_PER_HOUR } from "./plan.ts";

/** A board shows a line for so many rounds where it cannot change in place. */
const MILESTONE_ROUNDS = 3 * ROUNDS_PER_HOUR;

/** Counts messages, and shows how far the day is. */
export class Board {
  /** What came of each round. */
  readonly rounds: DrawnRound[] = [];
  #messages = 0;
  readonly #line = startLiveLine();
  readonly #startedAt = performance.now();

  /** How many messages have passed so far. */
  get messages(): number {
    return this.#messages;
  }

  /** How long it has taken so far, in milliseconds. */
  get tookMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Counts a call that is made, and its answer. */
  readonly countMade: CallMiddleware = (_call, next) => {
    this.#messages += 2;
    return next();
  };

  /** Counts a call that is served, and its answer. */
  readonly countServed: RequestMiddleware = (_call, next) => {
    this.#messages += 2;
    return next();
  };

  /** A round is over. */
  show({ round, cleared, tookMs, bidders }: RoundReport): void {
    const before = this.rounds.reduce((sum, { messages }) => sum + messages, 0);
    const messages = this.#messages - before;
    const { price } = cleared;
    this.rounds.push({ price, messages, tookMs, bidders });
    const count = Object.values(bidders).reduce((a, b) => a + b, 0);
    const text = [
      `  ${timeOf(round)}`,
      `${(price / 10).toFixed(1).padStart(5)} ct/kWh`,
      `${String(count).padStart(4)} bidders`,
      `in ${Object.keys(bidders).length} containers`,
      `${
        Math.round(messages / tookMs * 1000).toLocaleString("en").padStart(7)
      } messages/s`,
    ].join("   ");
    this.#line.show(text, round % MILESTONE_ROUNDS === 0);
  }

  /** The day is over. */
  end(): void {
    this.#line.end();
  }
}

/** Returns the time of day at which a round is held. */
export function timeOf(round: number): string {
  const hour = String(Math.floor(round / ROUNDS_PER_HOUR)).padStart(2, "0");
  const minute = round % ROUNDS_PER_HOUR * 60 / ROUNDS_PER_HOUR;
  return `${hour}:${String(minute).padStart(2, "0")}`;
}
