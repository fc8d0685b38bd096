import { DenomasError } from "../../../transports/errors.ts";
import {
  checkLinearizability,
  type LinearizabilityOptions,
  type LinearizabilityVerdict,
} from "./check.ts";
import type { HistoryEvent } from "./events.ts";
import type { Model, Operation } from "./model.ts";

/** Thrown when a history is not linearizable, or when that is undecided. */
export class LinearizabilityError
  extends DenomasError<Pick<LinearizabilityError, "verdict">> {
  /** The name of the class. */
  override name = "LinearizabilityError";
  /** The verdict. */
  declare readonly verdict: LinearizabilityVerdict;
}

/** Options of a {@linkcode History}. */
export interface HistoryOptions {
  /**
   * Returns the time in milliseconds. It is used only in reports: the check
   * uses the order of the events.
   *
   * @default performance.now
   */
  readonly now?: () => number;
  /**
   * Returns whether an operation that failed with `error` certainly had no
   * effect and never will. All other failed operations count as running
   * forever.
   *
   * @default Always `false`.
   */
  readonly hadNoEffect?: (error: unknown) => boolean;
}

/** The operation of a union with the given name. */
type Named<Op extends Operation, Name> = Extract<Op, { readonly name: Name }>;

/**
 * Records what clients do with an object at the same time, to check it against
 * a {@linkcode Model} of what the object does for one client at a time.
 *
 * ```ts
 * import { History, register } from "@denomas/denomas/testing";
 *
 * const history = new History(register<number>());
 * let value: number | null = null;
 * await Promise.all([
 *   history.record("ada", "write", 3, async () => {
 *     value = await Promise.resolve(3);
 *   }),
 *   history.record("bob", "read", undefined, () => Promise.resolve(value)),
 * ]);
 * history.assertLinearizable();
 * ```
 */
export class History<Op extends Operation = Operation> {
  readonly #model: Model<unknown, Op>;
  readonly #now: () => number;
  readonly #hadNoEffect: (error: unknown) => boolean;
  readonly #events: HistoryEvent[] = [];
  #nextId = 1;

  /** Creates an empty history of an object of `model`. */
  constructor(
    model: Model<unknown, Op>,
    { now = () => performance.now(), hadNoEffect = () => false }:
      HistoryOptions = {},
  ) {
    this.#model = model;
    this.#now = now;
    this.#hadNoEffect = hadNoEffect;
  }

  /** The events so far, in order. */
  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  /**
   * Runs an operation of a client by `call`, and records when it began, when it
   * ended and how. Input and output must not be changed afterwards. An
   * operation whose promise never settles, or rejects, counts as running
   * forever: it may take effect at any time, or never.
   *
   * @returns What `call` resolves to, or rejects with.
   */
  async record<
    Name extends Op["name"],
    Output extends Named<Op, Name>["output"],
  >(
    client: string,
    name: Name,
    input: Named<Op, Name>["input"],
    call: () => Promise<Output>,
  ): Promise<Output> {
    const id = this.#nextId++;
    const invoke = { kind: "invoke", client, name, input } as const;
    this.#events.push({ ...invoke, id, atMs: this.#now() });
    let output: Output;
    try {
      output = await call();
    } catch (error) {
      const hadNoEffect = this.#hadNoEffect(error);
      const text = error instanceof Error ? error.message : String(error);
      const fail = { kind: "fail", error: text, hadNoEffect } as const;
      this.#events.push({ ...fail, id, atMs: this.#now() });
      throw error;
    }
    this.#events.push({ kind: "return", id, atMs: this.#now(), output });
    return output;
  }

  /** Checks the events so far. */
  check(options?: LinearizabilityOptions): LinearizabilityVerdict {
    return checkLinearizability(this.#model, this.#events, options);
  }

  /**
   * Checks the events so far.
   *
   * @throws {LinearizabilityError} If they are not linearizable, with the
   * shortest part of the history that shows it, or if the check used up its
   * steps.
   */
  assertLinearizable(options?: LinearizabilityOptions): void {
    const verdict = this.check(options);
    if (verdict.result === "linearizable") return;
    throw new LinearizabilityError(verdict.explanation, { verdict });
  }
}
