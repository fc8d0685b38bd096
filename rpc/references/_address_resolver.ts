import type { Place } from "./_remote_proxy.ts";

/** The place of something of this side. */
export interface OwnPlace extends Place {
  /** Its path on this side's connections; `null` if it is elsewhere. */
  readonly path: string | null;
}

/**
 * Resolves addresses of agents for a layer above: a third side, to which the
 * proxy of an agent is passed on, calls that agent directly.
 */
export interface AddressResolver {
  /** Returns the place of something of this side; `null` if it has none. */
  placeOf(target: object): OwnPlace | null;
  /** Returns a proxy for the agent at a place that the other side has named. */
  open(place: Place): object;
  /**
   * Returns a proxy for the agent at a path of this side, whether or not it still
   * exists; `null` if the path is not one of an agent.
   */
  openPath(path: string): object | null;
}
