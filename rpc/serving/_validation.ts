import { printable } from "../../transports/printable.ts";
import { ValidationError } from "../errors.ts";
import type { SchemaIssue, StandardSchema } from "../expose.ts";

/** Wraps a value, because a promise would call its `then`. */
interface Boxed<T> {
  readonly value: T;
}

/**
 * Returns the arguments as their schemas return them.
 *
 * @throws {ValidationError} If an argument does not fit, or has no schema:
 * unchecked arguments must not reach the method.
 */
export async function checkArguments(
  path: string,
  schemas: readonly StandardSchema[],
  args: readonly unknown[],
): Promise<unknown[]> {
  if (args.length > schemas.length) {
    throw new ValidationError(
      `Cannot call '${
        printable(path)
      }': ${args.length} arguments were given, it takes at most ${schemas.length}`,
    );
  }
  const checked: unknown[] = [];
  for (const [position, schema] of schemas.entries()) {
    const what = `Cannot call '${printable(path)}': argument ${position + 1}`;
    const { value } = await check(what, schema, args[position]);
    checked.push(value);
  }
  return checked;
}

/**
 * Returns the result as its schema returns it, boxed.
 *
 * @throws {ValidationError} If the result does not fit.
 */
export async function checkResult(
  path: string,
  schema: StandardSchema,
  result: unknown,
): Promise<Boxed<unknown>> {
  return await check(
    `Cannot answer '${printable(path)}': the result`,
    schema,
    result,
  );
}

async function check(
  what: string,
  schema: StandardSchema,
  value: unknown,
): Promise<Boxed<unknown>> {
  const outcome = await schema["~standard"].validate(value);
  if (outcome.issues === undefined) return { value: outcome.value };
  throw new ValidationError(
    `${what} does not fit: ${outcome.issues.map(describeIssue).join("; ")}`,
  );
}

function describeIssue({ message, path = [] }: SchemaIssue): string {
  const keys = path.map((part) =>
    String(typeof part === "object" ? part.key : part)
  );
  return keys.length === 0 ? message : `${message} at '${keys.join(".")}'`;
}
