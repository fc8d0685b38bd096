/**
 * A side of a connection: the side that accepted it, or the one that opened it.
 */
export type NetworkSide = "server" | "client";

/** Selects connections; all of them by default. */
export interface NetworkConnections {
  /**
   * Only the connections of this server, channel, client or container, at
   * either end.
   *
   * @default {all}
   */
  readonly of?: object | undefined;
  /**
   * Only the connections between these two objects.
   *
   * @default {all}
   */
  readonly between?: readonly [object, object] | undefined;
}

/** Selects connections and a direction. */
export interface NetworkWhere extends NetworkConnections {
  /**
   * Only bytes in transit to this side.
   *
   * @default {both ways}
   */
  readonly towards?: NetworkSide | undefined;
}

/** Options for {@linkcode Network.delay}. */
export interface NetworkDelay extends NetworkWhere {
  /** The delay of all bytes, in milliseconds. */
  readonly delayMs: number;
  /**
   * The maximum additional random delay, in milliseconds. Bytes stay in order.
   *
   * @default {0}
   */
  readonly jitterMs?: number | undefined;
}

/** Options for {@linkcode Network.bandwidth}. */
export interface NetworkBandwidth extends NetworkWhere {
  /** The bytes per second that a connection carries in each direction. */
  readonly bytesPerSecond: number;
}

/** Options for {@linkcode Network.pieces}. */
export interface NetworkPieces extends NetworkWhere {
  /**
   * The maximum length of a piece, in bytes. Each piece has a random length.
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
  /** Bytes in transit or held back. */
  readonly heldBytes: number;
  /** Bytes lost so far. */
  readonly lostBytes: number;
}

/**
 * The network between the servers and clients of a step, which can inject
 * faults. Every connection to a server that was started by `ctx`, or directly
 * with `ctx.options`, goes through a proxy in this process, below TLS.
 *
 * A fault begins at once and also applies to later connections. It ends when
 * the returned object is disposed of, by {@linkcode Network.heal}, or with the
 * step. Faults add up. They affect bytes, not frames: since a peer cannot
 * continue to read after lost bytes, a connection that has lost some bytes
 * loses all later ones.
 *
 * Random numbers derive from {@linkcode Network.seed}, separately for each
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
   * Holds back all bytes, and the ends of connections. Nothing is lost:
   * everything is delivered, in order, after {@linkcode Network.release}. A
   * sender notices the fault when 256 KiB and the buffers of the system are
   * full.
   */
  hold(where?: NetworkWhere): Disposable;
  /** Ends every {@linkcode Network.hold}. */
  release(): void;
  /**
   * Drops all bytes, and the ends of connections, so that neither side notices
   * anything. A connection that has lost bytes also loses all later ones, even
   * after the fault has ended.
   */
  blackHole(where?: NetworkWhere): Disposable;
  /**
   * Separates servers from clients: holds back everything in both directions,
   * and makes attempts to connect wait. Afterwards everything is delivered, as
   * in TCP when a cable is plugged in again.
   */
  partition(where?: NetworkConnections): Disposable;
  /** Ends every fault. */
  heal(): void;
  /**
   * Breaks off the selected connections that are open now. Both sides notice,
   * and bytes in transit are lost. Returns the number of connections.
   */
  reset(where?: NetworkConnections): number;
  /**
   * Breaks off the selected connections that are open now, without one side
   * noticing. The bytes of that side are lost. Returns the number of
   * connections.
   */
  halfOpen(options: NetworkHalfOpen): number;
  /** Returns the counters. */
  stats(): NetworkStats;
}
