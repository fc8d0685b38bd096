import { type ValidatedPart, ValidationError } from "../errors.ts";
import type { StandardSchema } from "../service/schemas.ts";

/** A value that fits its schema, in a box: a promise would call its `then`. */
export interface Fitting {
  readonly value: unknown;
}

/**
 * Returns a value as its schema returns it. `what` is the beginning of the
 * message if it does not fit.
 *
 * @throws {ValidationError} If it does not fit.
 */
export async function check(
  part: ValidatedPart,
  what: string,
  schema: StandardSchema,
  value: unknown,
): Promise<Fitting> {
  const outcome = await schema["~standard"].validate(value);
  if (outcome.issues === undefined) return { value: outcome.value };
  // Libraries add more to their issues, such as the value itself.
  const issues = outcome.issues.map(({ message, path = [] }) => ({
    message,
    path: path.map((it) => typeof it === "object" ? it.key : it)
      .map((key) => typeof key === "number" ? key : String(key)),
  }));
  const texts = issues.map(({ message, path }) =>
    path.length === 0 ? message : `${message} at '${path.join(".")}'`
  );
  throw new ValidationError(`${what} does not fit: ${texts.join("; ")}`, {
    part,
    issues,
  });
}
