import { CutTimer } from "../../channel/timers/_cut_timer.ts";

/** A close in progress, whose time can be made shorter and never longer. */
export class Closing {
  /** Why it was begun, in a few words. */
  readonly reason: string;
  /** Resolves when it is done. */
  readonly done: Promise<void>;
  readonly #timer: CutTimer;
  readonly #finish: () => void;
  readonly #over: Promise<void>;

  /** A close of `owner`. */
  constructor(owner: object, reason: string) {
    this.reason = reason;
    const done = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    this.done = done.promise;
    this.#finish = done.resolve;
    this.#over = over.promise;
    this.#timer = new CutTimer(owner, over.resolve);
  }

  /** It takes no longer than `graceMs` from now on. */
  within(graceMs: number): void {
    this.#timer.start(graceMs);
  }

  /** Waits for `work` as long as there is time. */
  async wait(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.#over]);
  }

  /** It is done. */
  end(): void {
    this.#timer.stop();
    this.#finish();
  }
}
