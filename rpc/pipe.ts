import type { CallTerms } from "./calls/_call_terms.ts";
import type { CallOptions } from "./call.ts";
import { withOptions } from "./options.ts";
import { PipedArgument, RESULT_PREFIX } from "./references/_piped_argument.ts";
import { type Caller, remoteNode } from "./references/_remote_proxy.ts";
import type { AnyFunction } from "./remote.ts";
import { isReservedName } from "./reserved_names.ts";

/** A proxy whose calls return results that can be used before they arrive. */
export type Piped<T> = {
  readonly [K in keyof T]: T[K] extends AnyFunction ? PipedFunction<T[K]>
    : T[K] extends object ? Piped<T[K]>
    : T[K];
};

/**
 * A method of a {@linkcode Piped}, which also accepts piped results as
 * arguments.
 */
export type PipedFunction<F> = F extends (...args: infer Args) => infer R
  ? (...args: PipedArguments<Args>) => PipedResult<Awaited<R>>
  : never;

/** The arguments of a method, each of which may be a piped result. */
export type PipedArguments<Args extends unknown[]> = {
  [K in keyof Args]: Args[K] | PromiseLike<Args[K]>;
};

/**
 * The result of a piped call. It can be awaited, and its methods and properties
 * can be used at once.
 */
export type PipedResult<R> =
  & PromiseLike<R>
  & (R extends AnyFunction ? PipedFunction<R>
    : R extends object ? Piped<R>
    : unknown);

/**
 * Returns a proxy whose results can be used in further calls before they
 * arrive: you can call them, access their members, and pass them as arguments.
 * All of these calls are sent at once, so a chain takes one round trip instead
 * of one for each call. If the peer does not support this, each call waits for
 * the results that it uses.
 *
 * If a call fails, the calls that use its result fail with the same error.
 *
 * ```ts
 * import { openConnection, pipe, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const profile = service({ title: () => "Countess" });
 * const house = service({
 *   logIn: (_token: string) => service({ profile: () => profile }),
 *   greet: (title: string) => `Welcome, ${title}`,
 * });
 * await using server = await startServer("local://house", house);
 * await using client = await openConnection<typeof house>(server.address);
 *
 * const piped = pipe(client.remote);
 * const title = piped.logIn("secret").profile().title();
 * assertEquals(await piped.greet(title), "Welcome, Countess");
 * ```
 *
 * @throws {TypeError} If `remote` is not a proxy.
 */
export function pipe<T>(remote: T): Piped<T> {
  const node = remoteNode(remote);
  if (node === undefined) {
    throw new TypeError(
      "Cannot pipe: the value is no proxy, pass one that a call or a connection returned",
    );
  }
  const { caller, path, options } = node;
  return proxyOf({ caller, options, call: null, path, names: [] }) as Piped<T>;
}

/** A call whose result the other side may keep until the reply arrives. */
interface PipedCall {
  readonly reply: Promise<unknown>;
  /** The path of the result while the other side keeps it, else `null`. */
  readonly path: string | null;
}

/** A path on the other side, below a proxy or below the result of a call. */
interface Place {
  readonly caller: Caller;
  readonly options: CallOptions;
  readonly call: PipedCall | null;
  /** The path of the proxy. */
  readonly path: string;
  readonly names: readonly string[];
}

const places = new WeakMap<object, Place>();

function proxyOf(place: Place): unknown {
  const proxy = new Proxy(() => {}, {
    get(_target, key) {
      if (key === "then") return thenOf(place);
      if (typeof key === "symbol" || isReservedName(key)) return undefined;
      return proxyOf({ ...place, names: [...place.names, key] });
    },
    apply(_target, _this, args) {
      const { caller, options } = place;
      const call = begin(place, args);
      // Code that awaits the result still receives the error.
      call.reply.catch(() => {});
      return proxyOf({ caller, options, call, path: "", names: [] });
    },
  });
  places.set(proxy, place);
  return proxy;
}

/** Only the result of a call, or a member of it, can be awaited. */
function thenOf(place: Place) {
  if (place.call === null) return undefined;
  return (...handlers: Parameters<Promise<unknown>["then"]>) =>
    valueAt(place).then(...handlers);
}

async function valueAt({ call, names }: Place): Promise<unknown> {
  let value = await call!.reply;
  for (const name of names) value = Reflect.get(Object(value), name);
  return value;
}

/**
 * Returns the path of `place` on the other side, or `null` if it has none now.
 */
function pathOf({ call, path, names }: Place): string | null {
  const base = call === null ? path : call.path;
  if (base === null) return null;
  return [...base === "" ? [] : [base], ...names].join("/");
}

/**
 * Calls the method at `place`: at once, or when the results it needs have
 * arrived.
 */
function begin(place: Place, args: readonly unknown[]): PipedCall {
  const path = pathOf(place);
  const given = args.map((arg) => toArgument(arg, place.caller));
  const isReady = path !== null && !given.some(isAwaited);
  return isReady
    ? send(place, path, given)
    : { path: null, reply: callLater(place, path, given) };
}

/** Returns the argument to send for a piped result, or its promise. */
function toArgument(arg: unknown, caller: Caller): unknown {
  const place = typeof arg === "function" ? places.get(arg) : undefined;
  if (place === undefined) return arg;
  const path = place.caller === caller && place.call !== null
    ? pathOf(place)
    : null;
  return path === null ? valueAt(place) : new PipedArgument(path);
}

function isAwaited(arg: unknown): boolean {
  return arg instanceof Promise;
}

async function callLater(
  place: Place,
  path: string | null,
  args: readonly unknown[],
): Promise<unknown> {
  const { caller, options } = place;
  const ready = await Promise.all(args);
  const piped: CallTerms = { ...options, isPiped: true };
  if (path !== null && place.call === null) {
    return await caller.call(path, ready, piped);
  }
  const method = await valueAt(place) as (...args: unknown[]) => unknown;
  const called = remoteNode(method) ? withOptions(method, piped) : method;
  return await called(...ready);
}

function send(
  { caller, options }: Place,
  path: string,
  args: readonly unknown[],
): PipedCall {
  const key = caller.keepResult?.() ?? null;
  const piped: CallTerms = { ...options, isPiped: true };
  if (key === null) {
    return { path: null, reply: caller.call(path, args, piped) };
  }
  const call = {
    path: `${RESULT_PREFIX}${key}` as string | null,
    reply: caller.call(path, args, { ...piped, as: key } as CallTerms),
  };
  const forget = () => {
    call.path = null;
    caller.forgetResult?.(key);
  };
  call.reply.then(forget, forget);
  return call;
}
