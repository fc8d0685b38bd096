import type { Place } from "./_remote_proxy.ts";

/** Something of this side that has a place. */
export interface OwnPlace extends Place {
  /** Its path on this side's connections; `null` if it is not there. */
  readonly path: string | null;
}

/**
 * How a layer above passes what has an address of its own, such as agents: a
 * third side, to which a proxy is passed on, calls it by itself.
 */
export interface AddressResolver {
  /** The place of something of this side; `null` if it has none. */
  placeOf(target: object): OwnPlace | null;
  /** A proxy for what is at a place that the other side has told. */
  open(place: Place): object;
  /**
   * A proxy for what has a place and that path on this side, whether it is
   * there any more or not; `null` if the path is none of those.
   */
  openPath(path: string): object | null;
}
