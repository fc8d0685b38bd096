import type { RpcClient } from "./rpc_client.ts";

/**
 * Runs before a method and its schemas. It throws to refuse the call, or
 * returns properties to add to the `context` of the call. It may declare the
 * identity that it expects, as in `({ identity }: Call<unknown, User>) => …`;
 * the methods that it guards see that type, too.
 */
export type Guard<Added = unknown> = {
  // Declared as a method, so that its parameter may have a narrower type.
  // deno-lint-ignore no-explicit-any -- the context that earlier ones have added
  run(call: Call<any>): Added;
}["run"];

/**
 * The call that an exposed method serves.
 *
 * @typeParam Context The context that guards and middleware have added.
 * @typeParam Identity The identity that `authenticate` returns.
 * @typeParam T The service that the caller offers. This is not checked.
 */
export interface Call<Context = unknown, Identity = unknown, T = unknown> {
  /** The properties that guards and middleware have added, such as the user. */
  readonly context: Readonly<Context>;
  /**
   * Aborts when the caller cancels the call, when its timeout expires, or when
   * the connection is lost.
   */
  readonly signal: AbortSignal;
  /**
   * Aborts when this side begins to close the connection with `graceMs`. The
   * method should end within that time.
   */
  readonly closing: AbortSignal;
  /** The path of the method. */
  readonly path: string;
  /** The address of the caller. */
  readonly remoteAddress: string;
  /**
   * The verified name in the caller's certificate, or `null`, like `peerName`
   * of a channel.
   */
  readonly peerName: string | null;
  /**
   * The identity that `authenticate` returned for the caller; `undefined`
   * without that option. For a container's calls to its own agents it is the
   * `Container`, whoever caused them.
   */
  readonly identity: Identity;
  /**
   * The connection to the caller, with a proxy for the caller's service and the
   * promise `closed`.
   */
  readonly client: RpcClient<T, Identity>;
  /**
   * The address of the agent that made the call, if its container is verified:
   * for calls of this container's own agents, and for calls over a connection
   * that this side has opened to that container. Otherwise `null`, because a
   * peer that has connected to this side may claim any address.
   */
  readonly agent: string | null;
  /**
   * The time left until the caller's timeout, in milliseconds, or `Infinity`.
   * Pass it on with `withOptions(remote, { call })`.
   */
  readonly remainingMs: number;
  /** The data that the caller's middleware added, such as a token. */
  readonly meta: Readonly<Record<string, unknown>>;
  /**
   * Data that this side stores for the lifetime of the connection, such as the
   * logged-in user. All calls on the connection share it.
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
   * remaining time.
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
 * before the first `await`, and keep the result for later. A method made by
 * `method` gets the call as an argument.
 *
 * The type arguments are not checked.
 *
 * @typeParam Context The context that guards and middleware have added.
 * @typeParam Identity The identity that `authenticate` returns.
 * @typeParam T The service that the caller offers.
 * @throws {TypeError} If no exposed method is running synchronously.
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
 * Runs a method with `served` as the current call up to its first `await`. The
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
