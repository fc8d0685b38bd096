import { privateSlot } from "../transports/internal.ts";
import type { ContainerContext } from "./_container_context.ts";
import type { ContainerTraffic } from "./clock/_party.ts";
import type { Links } from "./links/_links.ts";
import type { Supervisor } from "./supervision/_supervisor.ts";

/** A part of a container that it closes before it closes itself. */
export interface Dependent {
  /** Closes the part within about `graceMs`. Never rejects. */
  close(options: { readonly graceMs: number }): Promise<void>;
  /** Takes up the certificate of the container, if it has that. */
  takeCertificate?(): Promise<void>;
}

/** The parts of a container that other files of this layer use. */
export interface ContainerInternals {
  readonly context: ContainerContext;
  readonly links: Links;
  readonly supervisor: Supervisor;
  /** Returns what goes on in the container. */
  readonly report: () => ContainerTraffic;
  /** The containers that it has spawned. */
  readonly dependents: Set<Dependent>;
  /**
   * The keys of registrations made from here, each with the address of its
   * directory.
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
 * @throws {TypeError} If `container` is no container.
 */
export function internalsOf(container: object): ContainerInternals {
  const found = internals.get(container);
  if (found !== undefined) return found;
  throw new TypeError(
    "Cannot use this container: it was not made by 'Container.create', pass one that was",
  );
}
