/** Keyword arguments of a call, as Python has them. */
export class KeywordArguments {
  /** The arguments by name. */
  readonly values: Readonly<Record<string, unknown>>;

  /** Made by {@linkcode kwargs}. */
  constructor(values: Readonly<Record<string, unknown>>) {
    this.values = values;
  }
}

/**
 * Marks the last argument of a call as keyword arguments, for a peer in
 * Python. In a method here, keyword arguments arrive as a last argument, a
 * plain object.
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

/** Takes keyword arguments off the end of a call's arguments. */
export function splitKwargs(
  args: readonly unknown[],
): { args: readonly unknown[]; kwargs: Readonly<Record<string, unknown>> } {
  const last = args.at(-1);
  return last instanceof KeywordArguments
    ? { args: args.slice(0, -1), kwargs: last.values }
    : { args, kwargs: {} };
}

/** Puts keyword arguments at the end of a method's arguments. */
export function joinKwargs(
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
): readonly unknown[] {
  return Object.keys(kwargs).length > 0 ? [...args, kwargs] : args;
}
