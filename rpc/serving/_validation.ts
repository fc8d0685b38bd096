import { printable } from "../../transports/printable.ts";
import { ValidationError } from "../errors.ts";
import type { ExposeOptions, SchemaIssue, StandardSchema } from "../expose.ts";

/**
 * Runs the method at `path` with the arguments as their schemas return them, and
 * resolves to its result as the schema of that returns it.
 *
 * @throws {ValidationError} If an argument or the result does not fit, or an
 * argument has no schema: unchecked arguments must not reach the method.
 */
export async function runChecked(
  path: string,
  { args: schemas, result: schema }: ExposeOptions,
  args: readonly unknown[],
  run: (args: readonly unknown[]) => unknown,
): Promise<unknown> {
  const checked = schemas === undefined
    ? args
    : await checkArguments(path, schemas, args);
  const result = await run(checked);
  if (schema === undefined) return result;
  const what = `Cannot answer '${printable(path)}': the result`;
  const { value } = await check(what, schema, result);
  return value;
}

async function checkArguments(
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

/** Boxes the value, because a promise would call its `then`. */
async function check(
  what: string,
  schema: StandardSchema,
  value: unknown,
): Promise<{ readonly value: unknown }> {
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
