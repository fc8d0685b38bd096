import type { CallMiddleware, RequestMiddleware } from "@denomas/denomas/rpc";
import { startLiveLine } from "../print.ts";
import type { DrawnRound } from "./draw.ts";
import type { RoundReport } from "./market.ts";
import { ROUNDS_PER_HOUR } from "./plan.ts";

/** The number of rounds per line where lines cannot be updated in place. */
const MILESTONE_ROUNDS = 3 * ROUNDS_PER_HOUR;

/** Counts messages, and shows the progress of the day. */
export class Board {
  /** The results of each round. */
  readonly rounds: DrawnRound[] = [];
  #messages = 0;
  readonly #line = startLiveLine();
  readonly #startedAt = performance.now();

  /** The number of messages so far. */
  get messages(): number {
    return this.#messages;
  }

  /** The elapsed time, in milliseconds. */
  get tookMs(): number {
    return performance.now() - this.#startedAt;
  }

  /** Counts an outgoing call and its answer. */
  readonly countMade: CallMiddleware = (_call, next) => {
    this.#messages += 2;
    return next();
  };

  /** Counts an incoming call and its answer. */
  readonly countServed: RequestMiddleware = (_call, next) => {
    this.#messages += 2;
    return next();
  };

  /** Shows a finished round. */
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

  /** Ends the display. */
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
