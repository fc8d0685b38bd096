/** The keyword arguments of a call, as in Python. */
export class KeywordArguments {
  /** The arguments by name. */
  readonly values: Readonly<Record<string, unknown>>;

  /** Created by {@linkcode kwargs}. */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.values = values;
  }
}

/**
 * Marks the last argument of a call as keyword arguments, for a Python peer. A
 * method of this package receives keyword arguments as a plain object in its
 * last argument.
 *
 * ```ts
 * import { kwargs, openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const cat = service({
 *   meow: (what: string, { times }: { times: number }) => what.repeat(times),
 * });
 * await using server = await startServer("local://kwargs", cat);
 * await using client = await openConnection<typeof cat>(server.address);
 * assertEquals(await client.remote.meow("mi", kwargs({ times: 2 })), "mimi");
 * ```
 */
export function kwargs<T extends Readonly<Record<string, unknown>>>(
  values: T,
): T {
  return new KeywordArguments(values) as unknown as T;
}

/** Separates the keyword arguments from the other arguments of a call. */
export function splitKwargs(
  args: readonly unknown[],
): { args: readonly unknown[]; kwargs: Readonly<Record<string, unknown>> } {
  const last = args.length === 0 ? null : args[args.length - 1];
  return last instanceof KeywordArguments
    ? { args: args.slice(0, -1), kwargs: last.values }
    : { args, kwargs: {} };
}

/** Appends keyword arguments to the arguments of a method. */
export function joinKwargs(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  // Without building a list of names: this runs for each call, and most calls
  // have no keyword arguments.
  for (const name in kwargs) {
    if (Object.hasOwn(kwargs, name)) return [...args, kwargs];
  }
  return args;
}
