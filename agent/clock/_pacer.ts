import { abortable, within } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { Run } from "./_run.ts";

/** Options for {@linkcode Pacer}. */
export interface PacerOptions {
  readonly until: number;
  readonly factor: number;
  readonly tickMs: number;
  readonly signal: AbortSignal | undefined;
}

/** Runs clocks at a multiple of real time. They stand still while paused. */
export class Pacer {
  readonly #options: PacerOptions;
  #isPaused = false;
  /** The requested steps that have not been made yet. */
  #steps: PromiseWithResolvers<void>[] = [];
  /** Resolves at the next `pause`, `step` or `resume`, and at the end. */
  #changed = Promise.withResolvers<void>();
  /** The clock time at which pacing started or resumed, and its real time. */
  #from = { time: 0, atMs: 0 };
  #isOver = false;

  constructor(options: PacerOptions) {
    this.#options = options;
  }

  /** Stops the clocks once the woken work has settled. */
  pause(): void {
    this.#isPaused = true;
    this.#change();
  }

  /** Lets the clocks continue from their present time. */
  resume(): void {
    this.#isPaused = false;
    this.#change();
  }

  /**
   * Runs the clocks to the next due time, or to the end if that comes first.
   * Resolves when the woken work has settled.
   *
   * @throws {TypeError} If the clocks are not paused.
   */
  step(): Promise<void> {
    if (!this.#isPaused && !this.#isOver) {
      throw new TypeError(
        "Cannot step a clock: it runs, call 'pause' first",
      );
    }
    if (this.#isOver) return Promise.resolve();
    const step = Promise.withResolvers<void>();
    this.#steps.push(step);
    this.#change();
    return step.promise;
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers<void>();
  }

  /** Runs the clocks to the end. */
  async pace(run: Run): Promise<void> {
    const { until } = this.#options;
    let hasRested = true;
    try {
      while (run.time < until) {
        // Requested steps are made before the clocks resume.
        const rests = this.#isPaused || this.#steps.length > 0;
        if (!rests && hasRested) this.#restart(run);
        hasRested = rests;
        if (rests) await this.#rest(run);
        else await this.#tick(run);
      }
    } catch (error) {
      for (const step of this.#steps) step.reject(error);
      throw error;
    } finally {
      this.#isOver = true;
      this.#change();
      for (const step of this.#steps) step.resolve();
    }
  }

  #restart(run: Run): void {
    this.#from = { time: run.time, atMs: world.now() };
  }

  get #target(): number {
    const { time, atMs } = this.#from;
    return time + (world.now() - atMs) / 1_000 * this.#options.factor;
  }

  async #tick(run: Run): Promise<void> {
    const { factor, signal, tickMs, until } = this.#options;
    const goal = Math.min(run.nextDue ?? Infinity, until);
    const waitMs = Math.min((goal - this.#target) / factor * 1_000, tickMs);
    await abortable(within(waitMs, this.#changed.promise), signal);
    // Real-time messages may have started waits in other processes.
    if (run.isRemote) await run.settle();
    const target = Math.min(until, this.#target);
    await run.advance(target, () => this.#isPaused);
  }

  /** Makes the next step if there is one; otherwise waits for a change. */
  async #rest(run: Run): Promise<void> {
    const { signal, until } = this.#options;
    const step = this.#steps.shift();
    if (step === undefined) {
      return await abortable(this.#changed.promise, signal);
    }
    try {
      if (run.isRemote) await run.settle();
      const due = Math.min(run.nextDue ?? Infinity, until);
      if (due < Infinity) await run.advance(due);
      step.resolve();
    } catch (error) {
      step.reject(error);
      throw error;
    }
  }
}
