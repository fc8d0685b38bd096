import { OTHER } from "./_attributes.ts";

/** The maximum number of series for methods with an answered call. */
const MAX_ANSWERED = 1_000;

/** The maximum number of series for methods whose calls all failed so far. */
const MAX_FAILED = 100;

/**
 * Limits the method names in metrics. Each name is a series, and other sides
 * may call any path. Names without an answered call have a separate limit, so
 * they cannot use up the capacity for the others.
 */
export class MethodLabels {
  readonly #answered = new Set<string>();
  readonly #failed = new Set<string>();

  /** Returns the label for a call of the method `name`. */
  of(name: string, isAnswered: boolean): string {
    if (this.#answered.has(name)) return name;
    if (isAnswered) {
      this.#failed.delete(name);
      return addWithin(this.#answered, name, MAX_ANSWERED);
    }
    return addWithin(this.#failed, name, MAX_FAILED);
  }
}

function addWithin(names: Set<string>, name: string, most: number): string {
  if (names.has(name)) return name;
  if (names.size >= most) return OTHER;
  names.add(name);
  return name;
}
