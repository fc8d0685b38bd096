/**
 * The one process-wide slot through which a test's ledger sees what is opened
 * and closed. Empty, as in every program that is not a test, it costs a null
 * check.
 */

/**
 * What is reported to the observer. A `"clock"` holds nothing by itself, and
 * need not be closed: each one that waits for its time is a `"timer"`.
 */
export type ResourceKind =
  | "listener"
  | "connection"
  | "server"
  | "channel"
  | "client"
  | "handler"
  | "timer"
  | "clock"
  | "file"
  | "container"
  | "agent"
  | "process"
  | "network";

/** Which way a message went, seen from the channel that reports it. */
export type MessageDirection = "in" | "out";

/** Hears of everything that the package opens and closes. */
export interface LifetimeObserver {
  /**
   * `resource` came into being. `describe` tells in a few words what it is,
   * at the time it is asked.
   */
  opened(resource: object, kind: ResourceKind, describe: () => string): void;
  /** `resource` belongs to `owner`, whose end will end it too. */
  owned(resource: object, owner: object): void;
  /** The user was handed `handle`, which closes `resource`. */
  handed(handle: object, resource: object): void;
  /** `resource` is gone. Called once for each `opened`. */
  closed(resource: object): void;
  /**
   * A message passed through `channel`, in the turn in which it was sent or
   * received; `type` is 0 request, 1 result, 2 failure.
   */
  message(
    channel: object,
    direction: MessageDirection,
    type: number,
    id: number,
    content: unknown,
  ): void;
}

/** The slot. Only a test's ledger fills it. */
export const lifetime: { observer: LifetimeObserver | null } = {
  observer: null,
};
