import type { Channel } from "../channel/channel.ts";
import type { Call, CallOptions } from "./call.ts";

/** The option `middleware`: functions that run around calls and connections. */
export interface Middleware {
  /** Run around every call that this side makes, the first one outermost. */
  readonly calls?: readonly CallMiddleware[] | undefined;
  /** Run around every call that this side serves, the first one outermost. */
  readonly requests?: readonly RequestMiddleware[] | undefined;
  /** Run for each new connection, before anything passes through it. */
  readonly connections?: readonly ConnectionObserver[] | undefined;
}

/** A call that is being served, as middleware sees it. */
export interface ServedCall extends Call {
  /** The arguments; keyword arguments are the last one. */
  readonly args: readonly unknown[];
}

/** A call that is being made, as middleware sees it. */
export interface MadeCall {
  /** Path of the method. */
  readonly path: string;
  /** Address of the other side. */
  readonly remoteAddress: string;
  /** The arguments. */
  readonly args: readonly unknown[];
  /** Its options. */
  readonly options: CallOptions;
}

/** What comes after a served call's middleware: another one, or the method. */
export type RequestNext = (
  changes?: { readonly args?: readonly unknown[] },
) => Promise<unknown>;

/** What comes after a made call's middleware: another one, or the sending. */
export type CallNext = (
  changes?: {
    readonly args?: readonly unknown[];
    readonly options?: CallOptions;
  },
) => Promise<unknown>;

/**
 * Runs around every call that this side serves. It may look at the call,
 * refuse it by throwing, change arguments or result, or do something before
 * and after. What it returns is the result.
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
 */
export type RequestMiddleware = (
  call: ServedCall,
  next: RequestNext,
) => unknown;

/** Runs around every call that this side makes, in the same way. */
export type CallMiddleware = (call: MadeCall, next: CallNext) => unknown;

/**
 * Hears of every connection, before anything passes through it. It may look at
 * the channel and wait for its end, but must not read from it. What it throws
 * is reported to `onError`, and harms nothing.
 */
export type ConnectionObserver = (channel: Channel) => void;
