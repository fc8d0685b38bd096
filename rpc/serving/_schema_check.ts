import { type ValidatedPart, ValidationError } from "../errors.ts";
import type { StandardSchema } from "../service/schemas.ts";

/**
 * Wraps a value that fits its schema, because a promise would call a `then` of
 * the bare value.
 */
export interface Fitting {
  readonly value: unknown;
}

/**
 * Checks a value and returns the output of its schema. `what` is the beginning
 * of the error message.
 *
 * @throws {ValidationError} If the value does not fit.
 */
export async function check(
  part: ValidatedPart,
  what: string,
  schema: StandardSchema,
  value: unknown,
): Promise<Fitting> {
  const outcome = await schema["~standard"].validate(value);
  if (outcome.issues === undefined) return { value: outcome.value };
  // Copies only these fields: libraries add more, such as the value itself. Not
  // by `map`: arktype's lists are of its own classes, which cannot be sent.
  const issues = Array.from(outcome.issues, ({ message, path = [] }) => ({
    message,
    path: Array.from(path, (it) => typeof it === "object" ? it.key : it)
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
