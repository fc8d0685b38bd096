import { privateSlot } from "../transports/internal.ts";
import type { ContainerContext } from "./_container_context.ts";
import type { ContainerTraffic } from "./clock/_party.ts";
import type { Links } from "./links/_links.ts";
import type { Supervisor } from "./supervision/_supervisor.ts";

/** A dependent part that the container closes before itself. */
export interface Dependent {
  /** Closes the part within about `graceMs`. Never rejects. */
  close(options: { readonly graceMs: number }): Promise<void>;
  /** Switches to the renewed certificate of the container, if it uses TLS. */
  takeCertificate?(): Promise<void>;
}

/** The parts of a container that other files of this layer use. */
export interface ContainerInternals {
  readonly context: ContainerContext;
  readonly links: Links;
  readonly supervisor: Supervisor;
  /** Returns a report of the container's current traffic. */
  readonly report: () => ContainerTraffic;
  /** The spawned containers. */
  readonly dependents: Set<Dependent>;
  /**
   * The keys of the registrations made by this container, each with the address
   * of its directory.
   */
  readonly registrationKeys: Map<string, string>;
}

const internals = privateSlot<ContainerInternals>();

/** Stores the internals of a container. */
export function setInternals(container: object, its: ContainerInternals): void {
  internals.set(container, its);
}

/**
 * Returns the internals of a container.
 *
 * @throws {TypeError} If `container` was not made by `Container.create`.
 */
export function internalsOf(container: object): ContainerInternals {
  const found = internals.get(container);
  if (found !== undefined) return found;
  throw new TypeError(
    "Cannot use this container: it was not made by 'Container.create', pass one that was",
  );
}
