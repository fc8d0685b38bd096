import type { Call } from "../call.ts";
import type { ExposeOptions } from "./expose.ts";

/**
 * The name of the member by which a service has a {@linkcode CallQueue}. It
 * holds for the service and for all services below it.
 */
export const callQueue: unique symbol = Symbol("denomas.callQueue");

/** What a call of an agent tells the other side of its caller. */
export interface CallOrigin {
  /** The id of the agent in the caller's container; `null` if it is no agent. */
  readonly agent: string | null;
  /**
   * The secret keys of the turns that wait for the call: those of the caller,
   * of who called it, and so on. Only a call that has the key of a turn may run
   * within it.
   */
  readonly turns: readonly string[];
}

/** Hears what becomes of a call. */
export interface CallListener {
  /** Called when the caller cancels the call, or is gone. */
  onGivenUp(): void;
  /** Called when the result or the error of the call is there. */
  onSettled(): void;
}

/** A call, as a {@linkcode CallQueue} sees it. */
export interface QueuedCall
  extends Pick<Call, "path" | "remainingMs" | "signal"> {
  /** What the caller tells of itself; nothing of it is proven. */
  readonly origin: CallOrigin | null;
  /** Whether the caller has cancelled the call, or is gone. */
  readonly isGivenUp: boolean;
  /** Hears what becomes of the call. */
  listener: CallListener | null;
}

/** Decides when the methods of a service run. */
export interface CallQueue {
  /**
   * Runs `step`, which runs the method of `call` with its guards and schemas, at
   * once or later. Returns what it returns, or a promise of that.
   *
   * @throws {ServerBusyError} If too many calls wait.
   */
  enter(call: QueuedCall, options: ExposeOptions, step: () => unknown): unknown;
}

/** Returns the queue of a service, if it has one. */
export function queueOf(service: object): CallQueue | null {
  return (service as { [callQueue]?: CallQueue })[callQueue] ?? null;
}
