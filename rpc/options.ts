import type { CallTerms } from "./calls/_call_terms.ts";
import type { Call, CallOptions } from "./call.ts";
import { asReceived } from "./_failure.ts";
import { ReferenceReleasedError } from "./errors.ts";
import type { AnyFunction, IsRemote, RemoteLike } from "./remote.ts";
import {
  type Caller,
  makeRemote,
  ownedClaim,
  type RemoteNode,
  remoteNode,
} from "./references/_remote_proxy.ts";

/**
 * Returns a proxy for the same target as `remote` whose calls use `options`.
 * Calls of its sub-services use them, too. If `options.call` is the call that a
 * method serves, the new calls are cancelled with that call, and their timeouts
 * never exceed its remaining time.
 *
 * ```ts
 * import { openConnection, service, startServer, withOptions } from "@denomas/denomas/rpc";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const slow = service({ never: () => new Promise<void>(() => {}) });
 * await using server = await startServer("local://options", slow);
 * await using client = await openConnection<typeof slow>(server.address);
 * await assertRejects(() => withOptions(client.remote, { timeoutMs: 1 }).never());
 * ```
 *
 * Passing an object of this side that has methods is a compile error.
 *
 * @throws {TypeError} If `remote` is not a proxy, or `signal` is not a signal.
 */
export function withOptions<T extends IsRemote | (object & RemoteLike<T>)>(
  remote: T,
  options: CallOptions & {
    readonly call?: Pick<Call, "signal" | "remainingMs"> | undefined;
  },
): T {
  const node = expectNode(remote, "set options");
  const { call, ...own } = options;
  // Not by `instanceof`: test runners have globals of their own.
  if (own.signal && typeof own.signal.throwIfAborted !== "function") {
    throw new TypeError(
      "Cannot set options: 'signal' is not an AbortSignal, pass the 'signal' of the AbortController",
    );
  }
  return makeRemote(node.caller, node.path, {
    ...node,
    options: {
      ...node.options,
      ...own,
      ...(call && partOf(call, { ...node.options, ...own })),
    },
  }) as T;
}

/** Returns the options of calls that are made on behalf of `call`. */
function partOf(
  call: Pick<Call, "signal" | "remainingMs">,
  { signal, timeoutMs = Infinity }: CallOptions,
): CallOptions {
  const leftMs = Math.min(call.remainingMs, timeoutMs);
  return {
    signal: signal ? AbortSignal.any([call.signal, signal]) : call.signal,
    ...(leftMs < Infinity && { timeoutMs: leftMs }),
  };
}

/** The methods of a proxy without their results: see {@linkcode notify}. */
export type Notifying<T> = {
  readonly [K in keyof T]: T[K] extends AnyFunction
    ? (...args: Parameters<T[K]>) => void
    : T[K] extends object ? Notifying<T[K]>
    : never;
};

/** Options for {@linkcode notify}. */
export interface NotifyOptions {
  /**
   * Called with the error of each failed call. If it is given, the peer answers
   * each call.
   *
   * @default {errors are ignored}
   */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Returns a proxy whose calls return nothing and never reject. Use it for
 * messages that the other side may miss, for example to a client that is
 * leaving.
 *
 * A denomas peer does not answer such a call: it costs one message, and this
 * side keeps no state for it. The peer does answer if the call has a signal, if
 * it passes functions, services or streams, or if `onError` is given; the
 * result is ignored.
 *
 * ```ts
 * import { notify, openConnection, service, startServer } from "@denomas/denomas/rpc";
 *
 * const door = service({ knock: (_who: string) => {} });
 * await using server = await startServer("local://door", door);
 * await using client = await openConnection<typeof door>(server.address);
 * notify(client.remote).knock("Ada");
 * ```
 *
 * @throws {TypeError} If `remote` is not a proxy.
 */
export function notify<T>(
  remote: T,
  { onError }: NotifyOptions = {},
): Notifying<T> {
  const node = expectNode(remote, "notify");
  const caller: Caller = {
    remoteAddress: node.caller.remoteAddress,
    call(path, args, options) {
      // Only an answer can carry the error of the method.
      const terms: CallTerms = { ...options, isOneWay: onError === undefined };
      const ignore = () => {};
      return node.caller.call(path, args, terms)
        .then(ignore, onError ?? ignore);
    },
  };
  return makeRemote(caller, node.path, {
    ...node,
    isPassed: false,
  }) as Notifying<
    T
  >;
}

/**
 * Returns whether two proxies have the same target on the same connection, or
 * refer to the same agent.
 */
export function sameRemote(a: unknown, b: unknown): boolean {
  const [one, other] = [remoteNode(a), remoteNode(b)];
  if (one === undefined || other === undefined) return false;
  if (one.caller === other.caller && one.path === other.path) return true;
  return one.place !== null && one.place.address === other.place?.address;
}

/**
 * Keeps a function or service of the other side until the returned proxy is
 * disposed of or the connection ends. A function that was passed as an argument
 * is released when its call ends, unless the method calls `keep` before it
 * answers. A function that a call returned is already kept: `keep` returns that
 * proxy unchanged.
 *
 * ```ts
 * import { keep, openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const makers = service({
 *   adder: (a: number) => (b: number): number => a + b,
 * });
 * await using server = await startServer("local://keep", makers);
 * await using client = await openConnection<typeof makers>(server.address);
 * using add = keep(await client.remote.adder(1));
 * assertEquals(await add(2), 3);
 * ```
 *
 * @throws {TypeError} If `remote` is not a proxy.
 * @throws {ReferenceReleasedError} If it was disposed of.
 */
export function keep<T>(remote: T): T & Disposable {
  const node = expectNode(remote, "keep");
  const { caller, path, claim } = node;
  if (claim.state === "owned") return remote as T & Disposable;
  if (claim.state === "released") {
    const error = new ReferenceReleasedError(
      `Cannot keep ${remote}: it was disposed of, do so after the last use`,
    );
    throw asReceived(error);
  }
  const owned = ownedClaim(caller, path);
  caller.keep?.(path, owned.reference!);
  return makeRemote(caller, path, { ...node, claim: owned }) as
    & T
    & Disposable;
}

function expectNode(remote: unknown, act: string): RemoteNode {
  const node = remoteNode(remote);
  if (node !== undefined) return node;
  throw new TypeError(
    `Cannot ${act}: the value is no proxy, pass one that a call or a connection returned`,
  );
}
