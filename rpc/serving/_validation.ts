import { printable } from "../../transports/printable.ts";
import { ValidationError } from "../errors.ts";
import type { ExposeOptions } from "../service/expose.ts";
import type { ArgumentSchemas } from "../service/schemas.ts";
import { isStream } from "../streams/_outgoing_streams.ts";
import { toReadable } from "../streams/_web_streams.ts";
import { checkedError } from "./_checked_error.ts";
import { CheckedStream, type StreamChecks } from "./_checked_stream.ts";
import type { RunningCall } from "./_running_call.ts";
import { check, type Fitting } from "./_schema_check.ts";

/** Returns whether a method has guards or schemas. */
export function isChecked(
  { args, rest, result, items, errors, use }: ExposeOptions,
): boolean {
  return args !== undefined || rest !== undefined || result !== undefined ||
    items !== undefined || errors !== undefined || use !== undefined;
}

/**
 * Runs the guards of the method that `running` calls, and then the method with
 * the checked arguments. Resolves to the checked result, and rejects with
 * checked errors. Checked values are the outputs of their schemas. The items of
 * a stream are checked as they are requested.
 *
 * @throws {ValidationError} If an argument or the result does not fit, or an
 * argument has no schema: unchecked arguments must not reach the method.
 */
export async function runChecked(
  running: RunningCall,
  options: ExposeOptions,
  run: (args: readonly unknown[]) => unknown,
): Promise<unknown> {
  try {
    for (const guard of options.use ?? []) {
      running.addContext(await running.run(() => guard(running)));
    }
    const args = await checkArguments(running.path, options, running.args);
    return await checkResult(running.path, options, await run(args));
  } catch (error) {
    throw await checkedError(running.path, options.errors, error);
  }
}

async function checkResult(
  path: string,
  options: ExposeOptions,
  given: unknown,
): Promise<unknown> {
  const { result: schema, items, errors } = options;
  if (items !== undefined) {
    if (isStream(given)) {
      return new CheckedStream(given, streamChecks(path, options));
    }
    const text = `${answering(path)}: the result is no stream`;
    throw new ValidationError(text, { part: "result" });
  }
  const result = schema === undefined
    ? given
    : (await check("result", `${answering(path)}: the result`, schema, given))
      .value;
  if (errors === undefined || !isStream(result)) return result;
  const stream = new CheckedStream(result, streamChecks(path, options));
  return result instanceof ReadableStream ? toReadable(stream) : stream;
}

async function checkArguments(
  path: string,
  options: ExposeOptions,
  args: readonly unknown[],
): Promise<readonly unknown[]> {
  const { args: schemas = [], rest } = options;
  if (options.args === undefined && rest === undefined) return args;
  if (args.length > schemas.length && rest === undefined) {
    throw new ValidationError(
      `Cannot call '${
        printable(path)
      }': the number of arguments is ${args.length}, it must be at most ${schemas.length}`,
      { part: "argument" },
    );
  }
  const checked: unknown[] = [];
  const checkNext = async (
    schema: ArgumentSchemas[number],
    arg: unknown,
  ) => {
    const number = checked.length + 1;
    checked.push((await checkArgument(path, number, schema, arg)).value);
  };
  for (const [at, schema] of schemas.entries()) {
    await checkNext(schema, args[at]);
  }
  if (rest === undefined) return checked;
  for (const arg of args.slice(schemas.length)) await checkNext(rest, arg);
  return checked;
}

async function checkArgument(
  path: string,
  number: number,
  schema: ArgumentSchemas[number],
  arg: unknown,
): Promise<Fitting> {
  const what = `Cannot call '${printable(path)}': `;
  if ("~standard" in schema) {
    return await check("argument", `${what}argument ${number}`, schema, arg);
  }
  if (!isStream(arg)) {
    throw new ValidationError(`${what}argument ${number} is no stream`, {
      part: "argument",
    });
  }
  const text = `${what}an item of argument ${number}`;
  const value = new CheckedStream(arg, {
    item: (value) => check("argument", text, schema.items, value),
    error: (error) => error,
  });
  return { value };
}

/** Returns the checks for a stream that is the result of a method. */
function streamChecks(path: string, options: ExposeOptions): StreamChecks {
  const { items, errors } = options;
  const what = `${answering(path)}: an item`;
  return {
    item: (value) =>
      items === undefined ? { value } : check("item", what, items, value),
    error: (error) => checkedError(path, errors, error),
  };
}

function answering(path: string): string {
  return `Cannot answer '${printable(path)}'`;
}
