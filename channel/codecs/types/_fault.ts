import { ProtocolError } from "../../../transports/errors.ts";
import { cutText, printable } from "../../../transports/printable.ts";
import { SerializationError } from "../../errors.ts";
import { describeThrown } from "../../message.ts";

/** How many steps of a path an error message shows. */
const SHOWN_STEPS = 16;

/** How many units of a key an error message shows. */
const SHOWN_KEY_UNITS = 64;

/**
 * A bad value found by a walk. It is thrown at the value, and each level that
 * it passes adds its key. So a walk that finds nothing keeps no path.
 */
export class Fault {
  /** The description of the value, and the remedy. */
  readonly found: string;
  /** The error that caused the fault, if there is one. */
  readonly cause: unknown;
  /** Keys from the value outwards: the reverse of a path. */
  readonly #keys: (string | number)[] = [];

  constructor(found: string, cause?: unknown) {
    this.found = found;
    this.cause = cause;
  }

  /**
   * Returns the fault for user code that threw `cause`. `act` names the code.
   */
  static thrown(act: string, cause: unknown): Fault {
    return new Fault(
      `${act} threw '${printable(describeThrown(cause))}'`,
      cause,
    );
  }

  /**
   * Returns the fault for `error`, which was thrown below `key`. Returns a
   * `ProtocolError` unchanged.
   */
  static below(key: string | number, error: unknown): Fault | ProtocolError {
    if (error instanceof ProtocolError) return error;
    const fault = error instanceof Fault
      ? error
      : Fault.thrown("reading it", error);
    fault.#keys.push(key);
    return fault;
  }

  /** Creates the error. `act` is the attempted act, such as `"send"`. */
  toError(act: string): SerializationError {
    const path = this.#keys.toReversed();
    return new SerializationError(
      `Cannot ${act} the value at ${formatPath(path)}: ${this.found}`,
      { path, ...this.cause === undefined ? undefined : { cause: this.cause } },
    );
  }
}

/** Writes a path as `$.a[2].b`, on one line; long keys and paths are cut. */
function formatPath(path: readonly (string | number)[]): string {
  const steps = path.slice(0, SHOWN_STEPS).map(formatStep).join("");
  return path.length > SHOWN_STEPS ? `$${steps}…` : `$${steps}`;
}

function formatStep(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  const isShort = step.length <= SHOWN_KEY_UNITS;
  const isIdentifier = isShort && /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step);
  if (isIdentifier) return `.${step}`;
  const shown = cutText(step, SHOWN_KEY_UNITS);
  return `[${printable(JSON.stringify(shown), Infinity)}]`;
}
