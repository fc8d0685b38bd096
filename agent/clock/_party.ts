/** The messages of one connection between containers, as one end counts them. */
export interface LinkTraffic {
  /** The name of the connection, the same at both ends. */
  readonly name: string;
  /** The address that this end has connected to; null where it was accepted. */
  readonly to: string | null;
  readonly sent: number;
  readonly received: number;
}

/** The activity of a container. */
export interface ContainerTraffic {
  /** Begins the names of the connections that it has made. */
  readonly id: string;
  readonly address: string;
  /** Its connections that leave the process. */
  readonly links: readonly LinkTraffic[];
  /** Work that ends by itself: connections that are being made, and spawns. */
  readonly pending: number;
}

/** The report of an idle party: nothing happens there before a message or timer. */
export interface PartyReport {
  readonly time: number;
  /** The earliest time that is waited for. */
  readonly nextDue: number | null;
  /** The number of containers that do not listen yet. */
  readonly opening: number;
  readonly containers: readonly ContainerTraffic[];
}

/** A clock that is run together with others, here or in another process. */
export interface Party {
  /** Its time, as last known. */
  readonly time: number;
  /** The earliest time that is waited for, as last known. */
  readonly nextDue: number | null;
  /** Whether it is in another process, and is known by its reports only. */
  readonly isRemote: boolean;
  /**
   * Reports of the container here that has spawned it. Its messages are waited
   * for, too, even if its own clock is not run.
   */
  readonly parent?: () => ContainerTraffic;
  /** Lets its containers go by the clock, until `end`. */
  begin(signal?: AbortSignal): void | Promise<void>;
  end(): void;
  /** Sets the time, if that is later. Nothing wakes before the next `settle`. */
  setTime(time: number, signal?: AbortSignal): void | Promise<void>;
  /** Wakes all that is due, waits until nothing goes on there, and reports. */
  settle(signal?: AbortSignal): Promise<PartyReport>;
}

/** What something that is watched reports. */
export interface WatchedReport extends PartyReport {
  /** Methods that run, and agents that are starting or closing. */
  readonly running: number;
}

/** Something that is watched only. */
export interface Watched {
  /** Whether it is in another process. */
  readonly isRemote: boolean;
  /** Waits until nothing goes on there by itself, and reports. */
  settle(signal?: AbortSignal): Promise<WatchedReport>;
}

/** The member of what can be run together with clocks. */
export const party: unique symbol = Symbol("party");

/** The member of what can be watched. */
export const watched: unique symbol = Symbol("watched");

/** Something whose clock can be run, in another process. */
export interface HasParty {
  /** Returns it as a party, for `fastForward` and `paceClock`. */
  [party](): Party;
}

/** Something that can be watched, here or in another process. */
export interface HasWatched {
  /** Returns it as what is watched, for `quiescent`. */
  [watched](): Watched;
}
