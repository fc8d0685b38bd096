/**
 * The message counts of one connection between containers, as seen at one end.
 */
export interface LinkTraffic {
  /** The name of the connection, the same at both ends. */
  readonly name: string;
  /** The address to which this end has connected; null if it has accepted. */
  readonly to: string | null;
  readonly sent: number;
  readonly received: number;
}

/** The activity of a container. */
export interface ContainerTraffic {
  /** The prefix of the names of connections that the container has made. */
  readonly id: string;
  readonly address: string;
  /** The connections that leave the process. */
  readonly links: readonly LinkTraffic[];
  /** The number of connection attempts and spawns in progress. */
  readonly pending: number;
}

/**
 * The report of an idle party, in which nothing happens before a message or
 * timer.
 */
export interface PartyReport {
  readonly time: number;
  /** The earliest due time; `null` if nothing waits. */
  readonly nextDue: number | null;
  /** The number of containers that do not listen yet. */
  readonly opening: number;
  readonly containers: readonly ContainerTraffic[];
}

/** A clock that runs together with others, in this or another process. */
export interface Party {
  /** The time of the clock, as last known. */
  readonly time: number;
  /** The earliest due time, as last known. */
  readonly nextDue: number | null;
  /** Whether the clock is in another process, and known only by its reports. */
  readonly isRemote: boolean;
  /**
   * Reports the traffic of the local container that has spawned this party. The
   * run waits for messages of that container, too, even if its own clock is not
   * run.
   */
  readonly parent?: () => ContainerTraffic;
  /** Makes the containers follow this clock, until `end`. */
  begin(signal?: AbortSignal): void | Promise<void>;
  end(): void;
  /** Sets the time, if it is later. Nothing wakes before the next `settle`. */
  setTime(time: number, signal?: AbortSignal): void | Promise<void>;
  /** Wakes all due waits, waits until the party is idle, and reports. */
  settle(signal?: AbortSignal): Promise<PartyReport>;
}

/** The report of a {@linkcode Watched} container. */
export interface WatchedReport extends PartyReport {
  /** The number of running methods, and of starting or closing agents. */
  readonly running: number;
}

/** A container that `quiescent` watches. */
export interface Watched {
  /** Whether the container is in another process. */
  readonly isRemote: boolean;
  /** Waits until the container is idle, and reports. */
  settle(signal?: AbortSignal): Promise<WatchedReport>;
}

/** The key of the member of {@linkcode HasParty}. */
export const party: unique symbol = Symbol("party");

/** The key of the member of {@linkcode HasWatched}. */
export const watched: unique symbol = Symbol("watched");

/** A container in another process, whose clock can be run from here. */
export interface HasParty {
  /** Returns the container as a party, for `fastForward` and `paceClock`. */
  [party](): Party;
}

/** A container that can be watched, in this or another process. */
export interface HasWatched {
  /** Returns the container's watched view, for `quiescent`. */
  [watched](): Watched;
}
