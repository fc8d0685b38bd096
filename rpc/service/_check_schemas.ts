import type {
  ArgumentSchemas,
  ErrorSchemas,
  StandardSchema,
} from "./schemas.ts";

/** The schemas in the options of a method. */
interface Schemas {
  readonly args?: ArgumentSchemas | undefined;
  readonly rest?: StandardSchema | undefined;
  readonly result?: StandardSchema | undefined;
  readonly items?: StandardSchema | undefined;
  readonly errors?: ErrorSchemas | undefined;
}

/**
 * Checks the schemas of a method. Types check them, too, but JavaScript has
 * none, and then the mistake would show at a call only.
 *
 * @throws {TypeError} If a schema is not one. The message names the attempted `act`.
 */
export function checkSchemas(options: Schemas, act: string): void {
  const { args, rest, result, items, errors } = options;
  const refuse = (name: string, value: unknown, wanted: string) => {
    throw new TypeError(
      `Cannot ${act}: '${name}' is of type '${typeof value}', it must be ${wanted}`,
    );
  };
  if (args !== undefined && !Array.isArray(args)) {
    refuse("args", args, "a list of schemas, as in '[schema]'");
  }
  for (const [at, schema] of args?.entries() ?? []) {
    if (isSchema(schema) || isSchema(itemsOf(schema))) continue;
    refuse(`args[${at}]`, schema, SCHEMA);
  }
  for (const [name, schema] of Object.entries({ rest, result, items })) {
    if (schema !== undefined && !isSchema(schema)) refuse(name, schema, SCHEMA);
  }
  for (const [code, schema] of Object.entries(errors ?? {})) {
    if (schema === null || isSchema(schema)) continue;
    refuse(`errors.${code}`, schema, `${SCHEMA}, or null if it has no data`);
  }
}

const SCHEMA =
  "a schema of zod, valibot or another library with Standard Schema";

function itemsOf(value: unknown): unknown {
  return (value as { readonly items?: unknown } | null | undefined)?.items;
}

function isSchema(value: unknown): boolean {
  const { "~standard": standard } = (value ?? {}) as {
    readonly "~standard"?: { readonly validate?: unknown } | null;
  };
  return typeof standard?.validate === "function";
}
