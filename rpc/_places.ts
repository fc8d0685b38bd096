import type { Place } from "./_remote_proxy.ts";

/**
 * How a layer above passes what has an address of its own, such as agents: a
 * third side, to which a proxy is passed on, calls it by itself.
 */
export interface Places {
  /** The place of something of this side; `null` if it has none. */
  placeOf(target: object): Place | null;
  /** A proxy for what is at a place that the other side has told. */
  open(place: Place): object;
}
