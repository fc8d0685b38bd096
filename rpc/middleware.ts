import type { Channel } from "../channel/channel.ts";
import type { Call } from "./call.ts";
import type { CallOptions } from "./call_options.ts";

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
export type ServeNext = (
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
 * import { openConnection, type ServeMiddleware, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const served: string[] = [];
 * const log: ServeMiddleware = async (call, next) => {
 *   try {
 *     return await next();
 *   } finally {
 *     served.push(call.path);
 *   }
 * };
 *
 * const adder = service({ add: (a: number, b: number) => a + b });
 * await using server = await startServer("local://log", adder, { serving: [log] });
 * await using client = await openConnection<typeof adder>(server.address);
 * await client.remote.add(1, 2);
 * assertEquals(served, ["add"]);
 * ```
 */
export type ServeMiddleware = (
  call: ServedCall,
  next: ServeNext,
) => unknown;

/** Runs around every call that this side makes, in the same way. */
export type CallMiddleware = (call: MadeCall, next: CallNext) => unknown;

/**
 * Hears of every connection, before anything passes through it. It may look at
 * the channel and wait for its end, but must not read from it. What it throws
 * is reported to `onError`, and harms nothing.
 */
export type ConnectObserver = (channel: Channel) => void;
