import { DenomasError } from "../../../transports/errors.ts";
import type { Remote } from "../../../rpc/remote.ts";
import { rest } from "../../shared/wait.ts";
import type { NumberedService } from "./peers/_numbered_service.ts";

/** The time between two calls, in milliseconds. */
const PAUSE_MS = 20;

/** The figures of a {@linkcode CallLoad}, as plain data. */
export interface LoadFigures {
  readonly made: number;
  readonly answered: number;
  readonly failed: number;
  readonly longestMs: number;
  /** The violations. */
  readonly breaches: readonly string[];
}

/** Calls a server continuously, and checks that each call settles. */
export class CallLoad {
  readonly #remote: Remote<NumberedService>;
  readonly #pending = new Set<Promise<void>>();
  readonly #breaches = new Set<string>();
  #made = 0;
  #answered = 0;
  #failed = 0;
  #longestMs = 0;
  #isOver = false;
  readonly #ended: Promise<void>;

  /** Starts to call at once. */
  constructor(remote: Remote<NumberedService>) {
    this.#remote = remote;
    this.#ended = this.#callOn();
  }

  /** Stops calling, and waits until all calls have settled. */
  async stop(limitMs: number): Promise<LoadFigures> {
    this.#isOver = true;
    await this.#ended;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => timer = setTimeout(resolve, limitMs));
    await Promise.race([Promise.all(this.#pending), late]);
    clearTimeout(timer);
    if (this.#pending.size > 0) {
      this.#breaches.add(`${this.#pending.size} calls have not settled`);
    }
    return {
      made: this.#made,
      answered: this.#answered,
      failed: this.#failed,
      longestMs: this.#longestMs,
      breaches: [...this.#breaches],
    };
  }

  async #callOn(): Promise<void> {
    while (!this.#isOver) {
      const call = this.#call(this.#made++);
      this.#pending.add(call);
      call.then(() => this.#pending.delete(call));
      await rest(PAUSE_MS);
    }
  }

  /** Makes a call; every second call uses an idempotent method. */
  async #call(n: number): Promise<void> {
    const began = performance.now();
    try {
      const isOnce = n % 2 === 0;
      const runs =
        await (isOnce ? this.#remote.once(n) : this.#remote.often(n));
      if (isOnce && runs !== 1) this.#breaches.add("a call has run twice");
      this.#answered++;
    } catch (error) {
      this.#failed++;
      if (!(error instanceof DenomasError)) this.#breaches.add(String(error));
    }
    const tookMs = performance.now() - began;
    this.#longestMs = Math.max(this.#longestMs, tookMs);
  }
}
