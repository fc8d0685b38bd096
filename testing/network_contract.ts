/** A side of a connection: the one that accepted it, or the one that opened it. */
export type NetworkSide = "server" | "client";

/** Chooses connections; all of them by default. */
export interface NetworkConnections {
  /**
   * Only the connections of this server, channel, client or container, at
   * either end.
   *
   * @default {all}
   */
  readonly of?: object | undefined;
  /**
   * Only the connections between these two.
   *
   * @default {all}
   */
  readonly between?: readonly [object, object] | undefined;
}

/** Chooses connections and a direction. */
export interface NetworkWhere extends NetworkConnections {
  /**
   * Only bytes on their way to this side.
   *
   * @default {both ways}
   */
  readonly towards?: NetworkSide | undefined;
}

/** Options for {@linkcode Network.delay}. */
export interface NetworkDelay extends NetworkWhere {
  /** The time that all bytes are under way, in milliseconds. */
  readonly delayMs: number;
  /**
   * The longest random extra time, in milliseconds. Bytes stay in order.
   *
   * @default {0}
   */
  readonly jitterMs?: number | undefined;
}

/** Options for {@linkcode Network.bandwidth}. */
export interface NetworkBandwidth extends NetworkWhere {
  /** The bytes per second that a connection carries each way. */
  readonly bytesPerSecond: number;
}

/** Options for {@linkcode Network.pieces}. */
export interface NetworkPieces extends NetworkWhere {
  /**
   * The longest piece, in bytes. Each has a random length.
   *
   * @default {16}
   */
  readonly maxBytes?: number | undefined;
}

/** Options for {@linkcode Network.halfOpen}. */
export interface NetworkHalfOpen extends NetworkConnections {
  /** The side at which the connection still seems open. */
  readonly openAt: NetworkSide;
}

/** The counters of a network. */
export interface NetworkStats {
  /** Open connections through the network. */
  readonly connections: number;
  /** Bytes that are under way or held. */
  readonly heldBytes: number;
  /** Bytes lost so far. */
  readonly lostBytes: number;
}

/**
 * The network between the servers and clients of a step, with faults on
 * demand. Every connection to a server that was started by `ctx`, or by hand
 * with `ctx.options`, goes through a proxy in this process, below TLS.
 *
 * A fault begins at once, also applies to later connections, and ends when the
 * returned object is disposed of, by {@linkcode Network.heal}, or with the step.
 * Faults add up. They work on bytes, not on frames: since a peer cannot read on
 * after lost bytes, a connection that has lost some loses all that follow.
 *
 * Random numbers come from {@linkcode Network.seed}, separately for each
 * connection and direction.
 */
export interface Network {
  /** The seed of all random numbers. */
  readonly seed: number;
  /** Delays all bytes. */
  delay(options: NetworkDelay): Disposable;
  /** Limits the bytes per second of each connection and direction. */
  bandwidth(options: NetworkBandwidth): Disposable;
  /** Delivers all bytes in small random pieces. */
  pieces(options?: NetworkPieces): Disposable;
  /**
   * Holds back all bytes, and the ends of connections. Nothing is lost: all goes
   * on after {@linkcode Network.release}, in order. A sender notices when 256 KiB
   * and the buffers of the system are full.
   */
  hold(where?: NetworkWhere): Disposable;
  /** Ends every {@linkcode Network.hold}. */
  release(): void;
  /**
   * Loses all bytes, and the ends of connections, so that neither side notices
   * anything. A connection that has lost bytes loses all others too, even after
   * the fault.
   */
  blackHole(where?: NetworkWhere): Disposable;
  /**
   * Separates servers from clients: holds back everything both ways, and lets
   * attempts to connect wait. Afterwards all goes on, as TCP does when a cable is
   * plugged in again.
   */
  partition(where?: NetworkConnections): Disposable;
  /** Ends every fault. */
  heal(): void;
  /**
   * Breaks off the chosen connections that are open now. Both sides notice, and
   * bytes under way are lost. Returns the number of connections.
   */
  reset(where?: NetworkConnections): number;
  /**
   * Breaks off the chosen connections that are open now, and hides it from one
   * side, whose bytes are lost. Returns the number of connections.
   */
  halfOpen(options: NetworkHalfOpen): number;
  /** Returns the counters. */
  stats(): NetworkStats;
}
