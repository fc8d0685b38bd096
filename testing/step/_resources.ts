import type { CleanUp } from "./_clean_up.ts";
import type { Ledger } from "../ledger/_ledger.ts";
import { StepEndedError } from "../errors.ts";

/** How long handlers get when a step ends. */
export const GRACE_MS = 250;

/**
 * What a step holds: each thing is known to the ledger as the step's own and
 * ended by its clean-up.
 */
export class Holdings {
  readonly #step: string;
  readonly #cleanUp: CleanUp;
  readonly #ledger: Ledger;
  readonly #ending = new AbortController();

  /** Made for the step of that name. */
  constructor(step: string, cleanUp: CleanUp, ledger: Ledger) {
    this.#step = step;
    this.#cleanUp = cleanUp;
    this.#ledger = ledger;
  }

  /**
   * Opens something that the step then holds. It is ended even if the step
   * ends before it is open.
   *
   * @throws {StepEndedError} If the step is over, before or after.
   */
  async acquire<T extends object>(
    what: string,
    open: () => Promise<T>,
    close: (it: T) => Promise<void>,
  ): Promise<T> {
    this.check(what);
    const opening = open();
    this.#cleanUp.add(what, async () => {
      // If it failed, whoever wanted it has heard.
      const opened = await opening.catch(() => null);
      if (opened !== null) await close(opened);
    });
    const opened = await opening;
    this.#ledger.keep(opened);
    this.check(what);
    return opened;
  }

  /** Takes over something that the test opened. */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    const what = `'${resource.constructor?.name}' given to 'ctx.use'`;
    this.check(what);
    this.#ledger.keep(resource);
    this.#cleanUp.add(what, async () => {
      if (Symbol.asyncDispose in resource) {
        await resource[Symbol.asyncDispose]();
      } else resource[Symbol.dispose]();
    });
    return resource;
  }

  /** Aborts when the step is over, so that nothing goes on being opened. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Nothing can be added from now on. */
  end(options?: { readonly cause: unknown }): void {
    this.#ending.abort(
      new StepEndedError(
        `Cannot go on: step '${this.#step}' is over`,
        options,
      ),
    );
  }

  /** Throws if the step is over. */
  check(what: string): void {
    if (!this.#ending.signal.aborted) return;
    throw new StepEndedError(
      `Cannot make or use ${what}: step '${this.#step}' is over, await in its body what it starts`,
      { cause: this.#ending.signal.reason.cause },
    );
  }
}
