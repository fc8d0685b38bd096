import { ValidationError } from "./errors.ts";
import type { SchemaIssue, StandardSchema } from "./standard_schema.ts";

/**
 * The arguments as their schemas return them.
 *
 * @throws {ValidationError} If one does not fit, or there are more than
 * schemas: what nobody checks must not come in.
 */
export async function checkArguments(
  path: string,
  schemas: readonly StandardSchema[],
  args: readonly unknown[],
): Promise<unknown[]> {
  if (args.length > schemas.length) {
    throw new ValidationError(
      `Cannot call '${path}': ${args.length} arguments were given, it takes at most ${schemas.length}`,
    );
  }
  const checked: unknown[] = [];
  for (const [position, schema] of schemas.entries()) {
    const what = `Cannot call '${path}': argument ${position + 1}`;
    checked.push(await check(what, schema, args[position]));
  }
  return checked;
}

/**
 * The result as its schema returns it.
 *
 * @throws {ValidationError} If it does not fit.
 */
export async function checkResult(
  path: string,
  schema: StandardSchema,
  result: unknown,
): Promise<unknown> {
  return await check(`Cannot answer '${path}': the result`, schema, result);
}

async function check(
  what: string,
  schema: StandardSchema,
  value: unknown,
): Promise<unknown> {
  const outcome = await schema["~standard"].validate(value);
  if (outcome.issues === undefined) return outcome.value;
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
