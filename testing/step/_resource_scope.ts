import { StepEndedError, type StepError } from "../errors.ts";
import { stepError } from "./_verdict.ts";
import { settledWithin } from "./settled_within.ts";

/** The default time limit for closing one resource, in milliseconds. */
const CLOSE_MS = 2_000;

interface CleanUp {
  readonly what: string;
  readonly run: () => void | Promise<void>;
}

/** Options for a {@linkcode ResourceScope}. */
export interface ResourceScopeOptions {
  /** The name of the step. */
  readonly step: string;
  /** Called with each resource that the scope closes, which is then no leak. */
  readonly keep: (resource: object) => void;
  /** The time limit for closing one resource, in milliseconds. */
  readonly closeMs?: number;
}

/** Owns the resources of one step, and closes them in reverse order. */
export class ResourceScope {
  readonly #options: ResourceScopeOptions;
  readonly #cleanUps: CleanUp[] = [];
  readonly #ending = new AbortController();

  /** Creates a scope that owns nothing yet. */
  constructor(options: ResourceScopeOptions) {
    this.#options = options;
  }

  /** Aborts when the step is over, to end attempts to connect. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Adds a clean-up function; `what` names it in reports. */
  defer(what: string, run: CleanUp["run"]): void {
    this.#cleanUps.push({ what, run });
  }

  /**
   * Opens a resource. It is closed even if the step ends before it is open.
   *
   * @throws {StepEndedError} If the step is over, before or after opening.
   */
  async acquire<T extends object>(
    what: string,
    open: () => Promise<T>,
    close: (resource: T) => Promise<void>,
  ): Promise<T> {
    this.check(what);
    const opening = open();
    this.defer(what, async () => {
      // The caller of `acquire` receives the error.
      const opened = await opening.catch(() => null);
      if (opened !== null) await close(opened);
    });
    const opened = await opening;
    this.#options.keep(opened);
    this.check(what);
    return opened;
  }

  /**
   * Takes ownership of a resource that the test has opened.
   *
   * @throws {StepEndedError} If the step is over.
   */
  use<T extends AsyncDisposable | Disposable>(resource: T): T {
    const what = `'${resource.constructor?.name}' given to 'ctx.use'`;
    this.check(what);
    this.#options.keep(resource);
    this.defer(what, async () => {
      if (Symbol.asyncDispose in resource) {
        await resource[Symbol.asyncDispose]();
      } else resource[Symbol.dispose]();
    });
    return resource;
  }

  /** Throws if the step is over; `what` names the requested resource. */
  check(what: string): void {
    if (!this.#ending.signal.aborted) return;
    throw new StepEndedError(
      `Cannot make or use ${what}: step '${this.#options.step}' is over, await in its body what it starts`,
      { cause: this.#ending.signal.reason.cause },
    );
  }

  /** Refuses new resources from now on. */
  end(options?: { readonly cause: unknown }): void {
    const { step } = this.#options;
    this.#ending.abort(
      new StepEndedError(`Cannot go on: step '${step}' is over`, options),
    );
  }

  /**
   * Closes all resources, one after the other. Returns an error for each
   * failure.
   */
  async close(): Promise<StepError[]> {
    const errors: StepError[] = [];
    for (;;) {
      const cleanUp = this.#cleanUps.pop();
      if (cleanUp === undefined) return errors;
      const error = await this.#run(cleanUp);
      if (error !== null) errors.push(error);
    }
  }

  async #run({ what, run }: CleanUp): Promise<StepError | null> {
    const { closeMs = CLOSE_MS } = this.#options;
    const result = await settledWithin(Promise.try(run), closeMs);
    if (result?.status === "fulfilled") return null;
    return result === null
      ? stepError(
        `Cannot clean up ${what}: it was not done within ${closeMs} ms`,
      )
      : stepError(`Cannot clean up ${what}: it threw`, {
        cause: result.reason,
      });
  }
}
