/** A side of a connection: the one that accepted it, or the one that made it. */
export type NetworkSide = "server" | "client";

/** Chooses connections; all of them where nothing is chosen. */
export interface NetworkConnections {
  /**
   * Only those of this server, channel, client or container, at whichever end
   * it is.
   *
   * @default {all}
   */
  readonly of?: object | undefined;
  /**
   * Only those with one of these at one end and the other at the other.
   *
   * @default {all}
   */
  readonly between?: readonly [object, object] | undefined;
}

/** Chooses connections and a direction. */
export interface NetworkWhere extends NetworkConnections {
  /**
   * Only what is on its way to this side.
   *
   * @default {both ways}
   */
  readonly towards?: NetworkSide | undefined;
}

/** Options for {@linkcode Network.delay}. */
export interface NetworkDelay extends NetworkWhere {
  /** How long everything is under way, in milliseconds. */
  readonly delayMs: number;
  /**
   * Up to how much longer it takes, by chance, in milliseconds. Nothing
   * overtakes what was sent before it.
   *
   * @default {0}
   */
  readonly jitterMs?: number | undefined;
}

/** Options for {@linkcode Network.bandwidth}. */
export interface NetworkBandwidth extends NetworkWhere {
  /** How many bytes a second a connection carries each way. */
  readonly bytesPerSecond: number;
}

/** Options for {@linkcode Network.pieces}. */
export interface NetworkPieces extends NetworkWhere {
  /**
   * The longest piece, in bytes; each is as long as chance will have it.
   *
   * @default {16}
   */
  readonly maxBytes?: number | undefined;
}

/** Options for {@linkcode Network.halfOpen}. */
export interface NetworkHalfOpen extends NetworkConnections {
  /** The side that goes on to take the connection for open. */
  readonly openAt: NetworkSide;
}

/** What the network is doing. */
export interface NetworkStats {
  /** Connections that lead through it. */
  readonly connections: number;
  /** Bytes that are under way or held. */
  readonly heldBytes: number;
  /** Bytes that were lost so far. */
  readonly lostBytes: number;
}

/**
 * The network between the servers and clients of a step, with faults on
 * demand. Every connection to a server that was made by `ctx`, or by hand with
 * `ctx.options`, leads through it: over sockets by a proxy in this process,
 * whose address is the server's, in memory by the same on its queues.
 *
 * A fault begins at once, holds for connections made later too, and ends when
 * what the method returned is disposed of, by {@linkcode Network.heal}, or with
 * the step. Faults add up. It works on bytes and knows nothing of frames: lost
 * bytes would leave a peer in the midst of a frame, so that a connection which
 * loses some loses all that follow.
 *
 * What chance decides is drawn from {@linkcode Network.seed}, for each
 * connection and direction by itself.
 */
export interface Network {
  /** What all that is random is drawn from. */
  readonly seed: number;
  /** Keeps everything under way for some time. */
  delay(options: NetworkDelay): Disposable;
  /** Carries so many bytes a second, each way and connection. */
  bandwidth(options: NetworkBandwidth): Disposable;
  /** Hands everything on in small random pieces. */
  pieces(options?: NetworkPieces): Disposable;
  /**
   * Stops everything where it is, the news of an end included. Nothing is
   * lost: after {@linkcode Network.release} it goes on, in order. A sender
   * notices when 256 KiB and what the system buffers are full.
   */
  hold(where?: NetworkWhere): Disposable;
  /** Ends every {@linkcode Network.hold}. */
  release(): void;
  /**
   * Takes everything and loses it, the news of an end included; so neither
   * side is told of anything. A connection that lost bytes stays lost, even
   * when the fault has ended.
   */
  blackHole(where?: NetworkWhere): Disposable;
  /**
   * Cuts servers off from clients: nothing passes either way, as if held, and
   * attempts to connect wait. Afterwards all goes on, as TCP does when a cable
   * is back in place.
   */
  partition(where?: NetworkConnections): Disposable;
  /** Ends every fault that is in force. */
  heal(): void;
  /**
   * Breaks connections off, those of now only: both sides are told, and what
   * was under way is lost. Returns how many.
   */
  reset(where?: NetworkConnections): number;
  /**
   * Breaks connections off, those of now only, and lets one side believe that
   * they are open: what it sends is lost. Returns how many.
   */
  halfOpen(options: NetworkHalfOpen): number;
  /** What the network is doing. */
  stats(): NetworkStats;
}
