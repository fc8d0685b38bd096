import { OTHER } from "./_attributes.ts";

/** How many methods that were answered before have a series of their own. */
const MAX_ANSWERED = 1_000;

/** The same for methods of which all calls failed so far. */
const MAX_FAILED = 100;

/**
 * Which method names the metrics use. Each name is a series, and other sides
 * may call any path: so names are limited, and names that no call has been
 * answered by cannot use up the room of the others.
 */
export class MethodLabels {
  readonly #answered = new Set<string>();
  readonly #failed = new Set<string>();

  /** The label of a call of the method `name`. */
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
