import type { ResourceKind } from "../../transports/internal.ts";
import { printable } from "../../transports/printable.ts";
import { stackAbove } from "./_stack.ts";

/** A resource that was opened. */
export interface Resource {
  readonly resource: object;
  readonly kind: ResourceKind;
  readonly describe: () => string;
  /** Where it was opened, if that is traced. */
  readonly stack: string | null;
}

/** Options for a {@linkcode ResourceTree}. */
export interface ResourceTreeOptions {
  /** Whether to keep the stack of everything that is opened. */
  readonly trace: boolean;
  /** Whether the running code belongs to the step. */
  readonly isCurrent: () => boolean;
}

/** The resources of one step, and which of them owns which. */
export class ResourceTree {
  readonly #options: ResourceTreeOptions;
  readonly #open = new Map<object, Resource>();
  /** Closed ones too, so that owners can be named after their end. */
  readonly #known = new WeakMap<object, Resource>();
  readonly #owners = new WeakMap<object, object>();
  /** The resource behind each handle that a user was given. */
  readonly #handed = new WeakMap<object, object>();

  /** Creates an empty tree. */
  constructor(options: ResourceTreeOptions) {
    this.#options = options;
  }

  /** Adds a resource, unless other code has opened it. */
  opened(resource: object, kind: ResourceKind, describe: () => string): void {
    if (!this.#options.isCurrent()) return;
    const stack = this.#options.trace ? stackAbove(this.opened) : null;
    const entry = { resource, kind, describe, stack };
    this.#open.set(resource, entry);
    this.#known.set(resource, entry);
  }

  /** Notes that `resource` ends with `owner`. */
  owned(resource: object, owner: object): void {
    this.#owners.set(this.real(resource), this.real(owner));
  }

  /** Notes that the user closes `resource` by `handle`. */
  handed(handle: object, resource: object): void {
    this.#handed.set(handle, resource);
  }

  /** Removes a resource; returns whether it was open. */
  closed(resource: object): boolean {
    return this.#open.delete(resource);
  }

  /** The open resources of some kind, or of all kinds, the oldest first. */
  open(kind?: ResourceKind): Resource[] {
    return [...this.#open.values()]
      .filter((it) => kind === undefined || it.kind === kind);
  }

  /** Returns the resource of a handle, or the object itself. */
  real(handle: object): object {
    const resource = this.#handed.get(handle);
    return resource === undefined ? handle : this.real(resource);
  }

  /** Returns the kind of an open or closed resource, if it is one. */
  kindOf(handle: object): ResourceKind | undefined {
    return this.#known.get(this.real(handle))?.kind;
  }

  /** Returns the owners of a resource, the nearest first. */
  ownersOf(resource: object): object[] {
    const owner = this.#owners.get(resource);
    return owner === undefined ? [] : [owner, ...this.ownersOf(owner)];
  }

  /** Returns the name of a resource in reports. */
  nameOf(resource: object): string {
    const entry = this.#known.get(resource);
    if (entry === undefined) return "something from outside the step";
    // The peer chooses some names, such as those of agents.
    return `${entry.kind} (${printable(entry.describe())})`;
  }
}
