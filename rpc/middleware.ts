import type { Channel } from "../channel/channel.ts";
import type { Call, CallOptions } from "./call.ts";

/**
 * The option `middleware`: functions that run around calls and connections.
 *
 * @typeParam Identity The identity that `authenticate` returns.
 */
export interface Middleware<Identity = unknown> {
  /** Run around every call that this side makes, the first one outermost. */
  readonly calls?: readonly CallMiddleware[] | undefined;
  /** Run around every call that this side serves, the first one outermost. */
  readonly requests?: readonly RequestMiddleware<Identity>[] | undefined;
  /** Run for each new connection, before any message. */
  readonly connections?: readonly ConnectionObserver[] | undefined;
}

/**
 * A call that this side serves, as middleware sees it.
 *
 * @typeParam Identity The identity that `authenticate` returns.
 */
export interface ServedCall<Identity = unknown>
  extends Call<unknown, Identity> {
  /** The arguments. The last one holds the keyword arguments, if any. */
  readonly args: readonly unknown[];
}

/** A call that this side makes, as middleware sees it. */
export interface MadeCall {
  /** The path of the method. */
  readonly path: string;
  /** The address of the other side. */
  readonly remoteAddress: string;
  /** The arguments. */
  readonly args: readonly unknown[];
  /** The options of the call. */
  readonly options: CallOptions;
}

/** Runs the next middleware of a served call, or the method. */
export type RequestNext = (
  changes?: {
    readonly args?: readonly unknown[];
    /** Added to the `context` of the call. */
    readonly context?: object;
  },
) => Promise<unknown>;

/**
 * Runs the next middleware of a call that this side makes, or sends the call.
 */
export type CallNext = (
  changes?: {
    readonly args?: readonly unknown[];
    readonly options?: CallOptions;
  },
) => Promise<unknown>;

/**
 * Runs around every call that this side serves. It can inspect the call, throw
 * to refuse it, change the arguments or the result, and do work before and
 * after. Its return value is the result of the call.
 *
 * ```ts
 * import { openConnection, type RequestMiddleware, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const served: string[] = [];
 * const log: RequestMiddleware = async (call, next) => {
 *   try {
 *     return await next();
 *   } finally {
 *     served.push(call.path);
 *   }
 * };
 *
 * const adder = service({ add: (a: number, b: number) => a + b });
 * await using server = await startServer("local://log", adder, { middleware: { requests: [log] } });
 * await using client = await openConnection<typeof adder>(server.address);
 * await client.remote.add(1, 2);
 * assertEquals(served, ["add"]);
 * ```
 *
 * @typeParam Identity The identity that `authenticate` returns.
 */
export type RequestMiddleware<Identity = unknown> = (
  call: ServedCall<Identity>,
  next: RequestNext,
) => unknown;

/**
 * Runs around every call that this side makes, like a
 * {@linkcode RequestMiddleware} on the serving side.
 */
export type CallMiddleware = (call: MadeCall, next: CallNext) => unknown;

/**
 * Runs for every new connection, before any message. It can inspect the channel
 * and wait for its end, but must not read from it. Its errors are only reported
 * to `onError`.
 */
export type ConnectionObserver = (channel: Channel) => void;
