import { cutText, printable } from "../../../transports/printable.ts";
import { SerializationError } from "../../errors.ts";

/** How many steps of a path an error's message shows. */
const SHOWN_STEPS = 16;

/** How many units of a key it shows. */
const SHOWN_KEY_UNITS = 64;

const IDENTIFIER = /^[\p{L}_$][\p{L}\p{N}_$]*$/u;

/**
 * A bad value on its way out of a walk. It is thrown where the value is found,
 * and each level that it leaves adds its key, so that a walk that finds
 * nothing keeps no path.
 */
export class Fault {
  /** What was found and what to do about it. */
  readonly found: string;
  /** The error behind it, where there is one. */
  readonly cause: unknown;
  /** Keys from the value outwards: the reverse of a path. */
  readonly #keys: (string | number)[] = [];

  constructor(found: string, cause?: unknown) {
    this.found = found;
    this.cause = cause;
  }

  /** Adds the key of the level that it leaves. */
  leave(key: string | number): this {
    this.#keys.push(key);
    return this;
  }

  /** Makes the error; `act` is what was attempted, such as `"send"`. */
  toError(act: string): SerializationError {
    const path = this.#keys.toReversed();
    return new SerializationError(
      `Cannot ${act} the value at ${formatPath(path)}: ${this.found}`,
      { path, ...this.cause === undefined ? undefined : { cause: this.cause } },
    );
  }
}

/** What `error`, thrown below `key`, becomes one level further out. */
export function leaving(error: unknown, key: string | number): Fault {
  const fault = error instanceof Fault
    ? error
    : new Fault(`reading it threw ${describeError(error)}`, error);
  return fault.leave(key);
}

/** Writes a path as `$.a[2].b`, on one line; long keys and paths are cut. */
export function formatPath(path: readonly (string | number)[]): string {
  const steps = path.slice(0, SHOWN_STEPS).map(formatStep);
  return path.length > SHOWN_STEPS
    ? `$${steps.join("")}…`
    : `$${steps.join("")}`;
}

function formatStep(step: string | number): string {
  if (typeof step === "number") return `[${step}]`;
  const isShort = step.length <= SHOWN_KEY_UNITS;
  if (isShort && IDENTIFIER.test(step)) return `.${step}`;
  const shown = cutText(step, SHOWN_KEY_UNITS);
  return `[${printable(JSON.stringify(shown), Infinity)}]`;
}

/** Names an error in a few words on one line, whatever was thrown. */
export function describeError(error: unknown): string {
  try {
    return error instanceof Error
      ? `'${printable(`${error.name}: ${error.message}`)}'`
      : `'${printable(String(error))}'`;
  } catch {
    // What was thrown has getters that throw, too: nothing more can be said.
    return "a value that cannot be read";
  }
}

/** The message of an error, or the text of what was thrown in its place. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    // As above.
    return "a value that cannot be read";
  }
}

/**
 * Sets an own property. Plain assignment to `__proto__` would set the
 * prototype instead.
 */
export function putOwn(
  target: Record<string, unknown>,
  key: string,
  value: unknown,
): void {
  if (key !== "__proto__") {
    target[key] = value;
    return;
  }
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
