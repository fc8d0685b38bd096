import type { Call } from "../call.ts";
import type { ExposeOptions } from "./expose.ts";

/**
 * The key of the member that holds a service's {@linkcode CallQueue}. The queue
 * applies to the service and all services below it.
 */
export const callQueue: unique symbol = Symbol("denomas.callQueue");

/** Information about the caller that is sent with a call of an agent. */
export interface CallOrigin {
  /**
   * The id of the calling agent in its container; `null` if the caller is not
   * an agent.
   */
  readonly agent: string | null;
  /**
   * The secret keys of the turns that wait for the call: the turn of the
   * caller, of the caller's caller, and so on. Only a call with the key of a
   * turn may run within that turn.
   */
  readonly turns: readonly string[];
}

/** Listens to the outcome of a call. */
export interface CallListener {
  /** Called when the caller cancels the call or is gone. */
  onGivenUp(): void;
  /** Called when the call has a result or an error. */
  onSettled(): void;
}

/** A call, as a {@linkcode CallQueue} sees it. */
export interface QueuedCall
  extends Pick<Call, "path" | "remainingMs" | "signal"> {
  /** Unverified information that the caller sent about itself. */
  readonly origin: CallOrigin | null;
  /** Whether the caller has cancelled the call or is gone. */
  readonly isGivenUp: boolean;
  /** The listener to the outcome of the call. */
  listener: CallListener | null;
}

/** Decides when the methods of a service run. */
export interface CallQueue {
  /**
   * Runs `step` at once or later. It runs the method of `call` with its guards
   * and schemas. Returns the return value of `step`, or a promise of it.
   *
   * @throws {ServerBusyError} If too many calls wait.
   */
  enter(call: QueuedCall, options: ExposeOptions, step: () => unknown): unknown;
}

/** Returns the queue of a service, if it has one. */
export function queueOf(service: object): CallQueue | null {
  return (service as { [callQueue]?: CallQueue })[callQueue] ?? null;
}
