/**
 * The observers of this process: a list through which ledgers, telemetry and
 * inspectors see what the package opens, closes and does. While the list is
 * empty, as in most programs, each call site costs one null check.
 */

/**
 * The kind of an observed resource. A `"clock"` holds nothing by itself and
 * need not be closed: each wait on it is a `"timer"`.
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
  | "task"
  | "subscription"
  | "process"
  | "node"
  | "engine"
  | "network";

/** An event. Each layer declares the types of its own events. */
export interface ObservedEvent {
  /** Names the kind of event, such as `"message"`. */
  readonly type: string;
}

/** Receives everything that the package opens, closes and does. */
export interface Notifications {
  /**
   * `resource` was created. `describe` returns a short description of its state
   * at the time of the call.
   */
  opened(resource: object, kind: ResourceKind, describe: () => string): void;
  /** `resource` belongs to `owner`, and ends with it. */
  owned(resource: object, owner: object): void;
  /** The user received `handle`, whose `close` closes `resource`. */
  handed(handle: object, resource: object): void;
  /** `resource` has ended. Called once for each `opened`. */
  closed(resource: object): void;
  /** An event happened, in the current turn. */
  event(event: ObservedEvent): void;
}

/** Any part of {@linkcode Notifications}. Its methods must not throw. */
export type Observer = Partial<Notifications>;

class ObserverList implements Notifications {
  /**
   * Replaced, never changed: a notified observer may add or remove observers.
   */
  observers: readonly Observer[] = [];

  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    for (const it of this.observers) it.opened?.(resource, kind, describe);
  }

  owned(resource: object, owner: object): void {
    for (const it of this.observers) it.owned?.(resource, owner);
  }

  handed(handle: object, resource: object): void {
    for (const it of this.observers) it.handed?.(handle, resource);
  }

  closed(resource: object): void {
    for (const it of this.observers) it.closed?.(resource);
  }

  event(event: ObservedEvent): void {
    for (const it of this.observers) it.event?.(event);
  }
}

const list = new ObserverList();

/**
 * The slot that call sites notify, as in `observed.by?.closed(this)`. It is
 * `null` while nothing observes, so that no event is created needlessly.
 */
export const observed: { by: Notifications | null } = { by: null };

/**
 * Adds `observer`, which receives all notifications from now on.
 *
 * @returns A function that removes it. Repeatable.
 */
export function observe(observer: Observer): () => void {
  let isAdded = true;
  list.observers = [...list.observers, observer];
  observed.by = list;
  return () => {
    if (!isAdded) return;
    isAdded = false;
    const at = list.observers.indexOf(observer);
    list.observers = list.observers.toSpliced(at, 1);
    if (list.observers.length === 0) observed.by = null;
  };
}
