import type { Container } from "../../agent/container.ts";
import type { Channel } from "../../channel/channel.ts";
import type { ResourceKind } from "../../transports/internal.ts";
import type { Stack } from "./_stack.ts";

/** A resource, or an activity on a channel. The channel owns the activity. */
export interface Entry {
  readonly resource: object;
  /** The kind of a resource; `null` for a call, a stream or a reference. */
  readonly kind: ResourceKind | null;
  /** Returns the name of the entry in reports. */
  readonly what: () => string;
  /**
   * Whether this side must end it. Activities begun by the other side end with
   * the connection.
   */
  readonly isOwn: boolean;
  /** Whether reports list it individually, instead of only counting it. */
  readonly isNamed: boolean;
  /** Whether it is a reference that this side has kept by calling `keep`. */
  readonly isKept?: boolean;
  /** The method of a call, or of the call that a stream belongs to. */
  readonly path?: string | null;
  /** The stack where the entry was made. */
  readonly stack: Stack | null;
}

/** The open resources and activities, and their owners. */
export class Entries {
  readonly #open = new Map<object, Entry>();
  /** Includes closed entries, so that owners can be named after their end. */
  readonly #known = new WeakMap<object, Entry>();
  readonly #owners = new WeakMap<object, object>();
  /** The resource behind each handle that was handed to a user. */
  readonly #handed = new WeakMap<object, object>();

  /** Adds an entry, or replaces the entry of the same resource. */
  add(entry: Entry): void {
    this.#open.set(entry.resource, entry);
    this.#known.set(entry.resource, entry);
  }

  /** Removes an entry, and returns whether `resource` was open. */
  remove(resource: object): boolean {
    return this.#open.delete(resource);
  }

  /** The open entries, oldest first. */
  values(): Entry[] {
    return [...this.#open.values()];
  }

  /** Whether `resource` is open; `false` for the handle of a resource. */
  isOpen(resource: object): boolean {
    return this.#open.has(resource);
  }

  /** Returns the entry of a resource or its handle, also after its end. */
  find(resource: object | null | undefined): Entry | undefined {
    return this.#known.get(this.real(resource ?? {}));
  }

  /** Records that `resource`, or its handle, belongs to `owner`. */
  setOwner(resource: object, owner: object): void {
    this.#owners.set(this.real(resource), this.real(owner));
  }

  /** Returns the direct owner of a resource. */
  ownerOf(resource: object): object | undefined {
    return this.#owners.get(resource);
  }

  /** Records that the user was handed `handle` for `resource`. */
  setHandle(handle: object, resource: object): void {
    this.#handed.set(handle, resource);
  }

  /**
   * Returns the resource of a handle, or the object itself if it is no handle.
   */
  real(handle: object): object {
    const resource = this.#handed.get(handle);
    return resource === undefined ? handle : this.real(resource);
  }

  /** Returns a resource followed by its owners, nearest first. */
  chain(resource: object): object[] {
    const owner = this.#owners.get(resource);
    return owner === undefined ? [resource] : [resource, ...this.chain(owner)];
  }

  /** Whether `resource` is `owner`, or belongs to it. */
  belongs(resource: object, owner: object): boolean {
    return this.chain(resource).includes(this.real(owner));
  }

  /**
   * Whether a channel was accepted by a server; `false` if a client or a
   * container has opened it.
   */
  isServerSide(channel: object): boolean {
    const owner = this.#owners.get(channel);
    if (owner === undefined) return false;
    const kind = this.#known.get(owner)?.kind;
    if (kind !== "container") return kind !== "client";
    // Both ends of its connection to itself belong to the container.
    return (channel as Channel).localAddress === (owner as Container).address;
  }

  /** Returns the container whose agents use a channel, if there is one. */
  containerOf(channel: object): Container | undefined {
    return this.chain(channel)
      .find((it) => this.#known.get(it)?.kind === "container") as
        | Container
        | undefined;
  }

  /** Names a resource in reports. */
  nameOf(resource: object): string {
    return this.find(resource)?.what() ?? "something from outside the step";
  }
}
