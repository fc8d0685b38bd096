import { printable } from "../../transports/printable.ts";
import { type ValidatedPart, ValidationError } from "../errors.ts";
import type { ExposeOptions, StandardSchema } from "../service/expose.ts";
import { isStream } from "../streams/_outgoing_streams.ts";
import type { RunningCall } from "./_running_call.ts";

/** Returns whether a method has guards or schemas. */
export function isChecked(
  { args, rest, result, items, use }: ExposeOptions,
): boolean {
  return args !== undefined || rest !== undefined || result !== undefined ||
    items !== undefined || use !== undefined;
}

/**
 * Runs the guards of the method that `running` calls, and the method with the
 * arguments as their schemas return them. Resolves to its result as the schema
 * of that returns it. Items of a stream are checked when they are asked for.
 *
 * @throws {ValidationError} If an argument or the result does not fit, or an
 * argument has no schema: unchecked arguments must not reach the method.
 */
export async function runChecked(
  running: RunningCall,
  options: ExposeOptions,
  run: (args: readonly unknown[]) => unknown,
): Promise<unknown> {
  const { path } = running;
  for (const guard of options.use ?? []) {
    running.addContext(await running.run(() => guard(running)));
  }
  const result = await run(await checkArguments(path, options, running.args));
  const what = `Cannot answer '${printable(path)}'`;
  if (options.items !== undefined) {
    return new CheckedStream(what, options.items, result);
  }
  if (options.result === undefined) return result;
  const text = `${what}: the result`;
  return (await check("result", text, options.result, result)).value;
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
      }': ${args.length} arguments were given, it takes at most ${schemas.length}`,
      { part: "argument" },
    );
  }
  const checked: unknown[] = [];
  const checkNext = async (schema: StandardSchema, arg: unknown) => {
    const what = `Cannot call '${printable(path)}': argument ${
      checked.length + 1
    }`;
    checked.push((await check("argument", what, schema, arg)).value);
  };
  for (const [at, schema] of schemas.entries()) {
    await checkNext(schema, args[at]);
  }
  if (rest === undefined) return checked;
  for (const arg of args.slice(schemas.length)) await checkNext(rest, arg);
  return checked;
}

/**
 * A stream whose items are checked. A generator would not do: it does not pass
 * on that it was left before its first item.
 */
class CheckedStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #what: string;
  readonly #schema: StandardSchema;
  readonly #items: AsyncIterator<unknown>;

  constructor(what: string, schema: StandardSchema, stream: unknown) {
    if (!isStream(stream)) {
      throw new ValidationError(`${what}: the result is no stream`, {
        part: "result",
      });
    }
    this.#what = what;
    this.#schema = schema;
    this.#items = stream[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    const { done, value } = await this.#items.next();
    if (done) return { done, value: undefined };
    try {
      const what = `${this.#what}: an item`;
      const item = await check("item", what, this.#schema, value);
      return { done: false, value: item.value };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#items.return?.();
    return { done: true, value: undefined };
  }
}

/** Boxes the value, because a promise would call its `then`. */
async function check(
  part: ValidatedPart,
  what: string,
  schema: StandardSchema,
  value: unknown,
): Promise<{ readonly value: unknown }> {
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
