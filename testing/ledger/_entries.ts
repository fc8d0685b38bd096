import type { ResourceKind } from "../../transports/internal.ts";
import type { Stack } from "./_stack.ts";

/** A resource, or something under way on a channel, which is its owner. */
export interface Entry {
  readonly resource: object;
  /** The kind of a resource; `null` for a call, a stream or a reference. */
  readonly kind: ResourceKind | null;
  /** Names it in reports. */
  readonly what: () => string;
  /**
   * Whether this side has to end it. What the other side has begun ends with
   * the connection.
   */
  readonly isOwn: boolean;
  /** Whether reports list it by itself, and do not only count it. */
  readonly isNamed: boolean;
  /** Whether it is a reference for which this side has called `keep`. */
  readonly isKept?: boolean;
  /** The method of a call, or of the call that a stream belongs to. */
  readonly path?: string | null;
  /** Where it was made. */
  readonly stack: Stack | null;
}

/** What is open, and who owns what. */
export class Entries {
  readonly #open = new Map<object, Entry>();
  /** Closed ones too, so that owners can be named after their end. */
  readonly #known = new WeakMap<object, Entry>();
  readonly #owners = new WeakMap<object, object>();
  /** The resource behind each handle that a user was given. */
  readonly #handed = new WeakMap<object, object>();

  /** Adds an entry, or replaces the one of the same resource. */
  add(entry: Entry): void {
    this.#open.set(entry.resource, entry);
    this.#known.set(entry.resource, entry);
  }

  /** Returns whether `resource` was open. */
  remove(resource: object): boolean {
    return this.#open.delete(resource);
  }

  /** What is open, the oldest first. */
  values(): Entry[] {
    return [...this.#open.values()];
  }

  /** Whether a resource is open; false for its handle. */
  isOpen(resource: object): boolean {
    return this.#open.has(resource);
  }

  /** Returns the entry of a resource or its handle, also after its end. */
  find(resource: object | null | undefined): Entry | undefined {
    return this.#known.get(this.real(resource ?? {}));
  }

  /** Notes that `resource`, or its handle, belongs to `owner`. */
  setOwner(resource: object, owner: object): void {
    this.#owners.set(this.real(resource), this.real(owner));
  }

  /** Returns the direct owner of a resource. */
  ownerOf(resource: object): object | undefined {
    return this.#owners.get(resource);
  }

  /** Notes that the user was handed `handle` for `resource`. */
  setHandle(handle: object, resource: object): void {
    this.#handed.set(handle, resource);
  }

  /** Returns the resource of a handle, or the object itself. */
  real(handle: object): object {
    const resource = this.#handed.get(handle);
    return resource === undefined ? handle : this.real(resource);
  }

  /** Returns a resource and its owners, the nearest first. */
  chain(resource: object): object[] {
    const owner = this.#owners.get(resource);
    return owner === undefined ? [resource] : [resource, ...this.chain(owner)];
  }

  /** Whether `resource` is `owner`, or belongs to it. */
  belongs(resource: object, owner: object): boolean {
    return this.chain(resource).includes(this.real(owner));
  }

  /**
   * Whether a channel is one of a server, or of a container, whose agents make
   * its calls; and not of a client.
   */
  isServerSide(channel: object): boolean {
    const owner = this.#owners.get(channel);
    return owner !== undefined && this.#known.get(owner)?.kind !== "client";
  }

  /** Names a resource in reports. */
  nameOf(resource: object): string {
    return this.find(resource)?.what() ?? "something from outside the step";
  }
}
