import type { RpcClient } from "./rpc_client.ts";

/**
 * Runs before a method and its schemas. It refuses the call by throwing, or
 * returns what it adds to the `context` of the call. It may declare the identity
 * that it expects, as in `({ identity }: Call<unknown, User>) => …`; methods
 * behind it see that type, too.
 */
export type Guard<Added = unknown> = {
  // As a method, whose parameter may have a narrower type.
  // deno-lint-ignore no-explicit-any -- the context that earlier ones have added
  run(call: Call<any>): Added;
}["run"];

/**
 * The call that an exposed method serves.
 *
 * @typeParam Context What guards and middleware have added.
 * @typeParam Identity What `authenticate` returns.
 * @typeParam T The service that the caller offers. Nothing checks that it does.
 */
export interface Call<Context = unknown, Identity = unknown, T = unknown> {
  /** What guards and middleware have added, such as the user. */
  readonly context: Readonly<Context>;
  /**
   * Aborts when the caller cancels the call, when its time is over, or when the
   * connection is lost.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts when this side begins to close the connection, by `close` with
   * `graceMs`: the method should end within that time.
   */
  readonly closing: AbortSignal;
  /** The path of the method. */
  readonly path: string;
  /** The address of the caller. */
  readonly remoteAddress: string;
  /**
   * The name in the certificate that the caller proved to own, as a channel's
   * `peerName`, or `null`.
   */
  readonly peerName: string | null;
  /**
   * The identity that `authenticate` returned for the caller; `undefined`
   * without that option. For a container's calls to its own agents, whoever
   * caused them, it is the `Container`.
   */
  readonly identity: Identity;
  /**
   * The connection to the caller, with the proxy for the service that the caller
   * offers and the promise `closed`.
   */
  readonly client: RpcClient<T, Identity>;
  /**
   * The address of the agent whose code made the call, where its container is
   * known: for calls of this container's own agents, and for those that come over
   * a connection which this side has made to that container. Else `null`, since a
   * peer that has connected may claim any address.
   */
  readonly agent: string | null;
  /**
   * The rest of the time that the caller allowed, in milliseconds, or
   * `Infinity`. Pass it on with `withOptions(remote, { call })`.
   */
  readonly remainingMs: number;
  /** The data that the caller's middleware added, such as a token. */
  readonly meta: Readonly<Record<string, unknown>>;
  /**
   * Data that this side stores for the connection while it lasts, such as who
   * logged in. All calls on the connection share it.
   */
  readonly session: Map<string, unknown>;
}

/** Options of calls made through a proxy. */
export interface CallOptions {
  /**
   * Cancels the call: it rejects with the signal's reason, and the method's own
   * signal aborts if the other side has denomas's extensions. After the method
   * has returned a stream, alone or inside another value, the signal ends the
   * stream instead: its reader rejects with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait for the reply, in milliseconds. The method can read the
   * rest of this time.
   *
   * @default {the connection's `timeoutMs`}
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Data for the other side's middleware, such as a token. It is sent only to a
   * peer with denomas's extensions.
   */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

const NO_ARGS: readonly unknown[] = [];

let current: Call | null = null;

/** Returns the call that the running method serves, or `null`. */
export function currentCall(): Call | null {
  return current;
}

/**
 * Returns the call that the running method serves. Use it in an exposed method
 * before the first `await`, and keep the result for later. A `method` gets it as
 * an argument.
 *
 * Nothing checks the types that are given to it.
 *
 * @typeParam Context What guards and middleware have added.
 * @typeParam Identity What `authenticate` returns.
 * @typeParam T The service that the caller offers.
 * @throws {TypeError} Anywhere else.
 */
export function call<
  Context = unknown,
  Identity = unknown,
  T = unknown,
>(): Call<Context, Identity, T> {
  if (current !== null) return current as Call<Context, Identity, T>;
  throw new TypeError(
    "Cannot find the current call: no exposed method is running, use 'call()' before the method's first 'await' and keep its result",
  );
}

/**
 * Runs the part of a method up to its first `await` as serving `served`. The
 * method is called on `service`, with `args`.
 */
export function runAs<T>(
  served: Call,
  method: (...args: unknown[]) => T,
  service?: object,
  args: readonly unknown[] = NO_ARGS,
): T {
  const before = current;
  current = served;
  try {
    return method.apply(service, args as unknown[]);
  } finally {
    current = before;
  }
}
