/**
 * What one peer may make this side hold. The peer is not trusted: each limit
 * is checked before the memory is taken, and each can be set.
 */
export interface Limits {
  /**
   * The longest payload of a frame, both ways, in bytes. It also bounds what
   * decoding one message can take.
   *
   * @default {16_777_216}
   */
  readonly maxFrameBytes: number;
  /**
   * How many calls of this side may wait for their answers. One more is a
   * `QueueFullError`.
   *
   * @default {65_536}
   */
  readonly maxPendingCalls: number;
  /**
   * How many requests of the peer may wait for an answer. One more is
   * refused: the peer's call fails with `ServerBusyError`. Requests by which
   * RPC steers calls, such as a cancellation, may be up to as many again.
   *
   * @default {65_536}
   */
  readonly maxUnansweredRequests: number;
  /**
   * How much memory the peer may make this side hold, in bytes: unanswered
   * requests, items of streams that are not consumed, references. Each counts
   * as what it takes once it is decoded. A request over it is refused
   * (`ServerBusyError`); what cannot be refused ends the connection (`reason:
   * "over-budget"`).
   *
   * One message may take four times `maxFrameBytes`, but not less than half of
   * this limit, and not more than all of it. A message that would take more
   * ends the connection before it is decoded.
   *
   * @default {67_108_864}
   */
  readonly maxHeldBytes: number;
  /**
   * What a peer may make a server hold before it is known who it is, in bytes,
   * where RPC's `authenticate` asks for that. A request over it is refused
   * (`ServerBusyError`); a frame that is longer ends the connection (`reason:
   * "over-budget"`).
   *
   * @default {65_536}
   */
  readonly maxUnadmittedBytes: number;
  /**
   * As `maxHeldBytes`, for all channels of a server, or of a container,
   * together, in bytes. Frames that have arrived in part, and what is queued for peers that
   * do not read, count here, too. The peers of one host may hold half of
   * it, and one of them half of what is free then.
   *
   * @default {1_073_741_824}
   */
  readonly maxServerHeldBytes: number;
  /**
   * How much may be queued to write before `send` waits, in bytes. Answers do
   * not wait; while four times as much is queued, new requests are refused,
   * and a peer that does not bring it down within a second is cut off, as is
   * one for which sixteen times as much is queued (`reason: "slow-peer"`).
   *
   * @default {8_388_608}
   */
  readonly maxQueuedBytes: number;
  /**
   * For how long a peer may take nothing of what is queued, or less than 16 KiB
   * where more is, in milliseconds, before it is cut off (`reason:
   * "slow-peer"`). It may last twice as long until that is noticed.
   *
   * @default {30_000}
   */
  readonly slowPeerMs: number;
  /**
   * How many connections a server holds. For one more, the oldest of which the
   * peer has said nothing yet is cut off (`reason: "server-full"`), of the host
   * that has the most of those. If there is none, the new one is closed at once.
   *
   * @default {10_000}
   */
  readonly maxConnections: number;
  /**
   * How long the TLS handshake of a connection that a server accepts may take,
   * in milliseconds.
   *
   * @default {10_000}
   */
  readonly handshakeMs: number;
  /**
   * How many TLS handshakes a server may have under way: each takes memory, and
   * a client that shows nothing of itself may hold it for `handshakeMs`. For
   * one connection more, the oldest handshake of the host that has the most is
   * given up.
   *
   * @default {512}
   */
  readonly maxHandshakes: number;
  /**
   * How many connections a server holds from one host; the 2⁶⁴ IPv6 addresses
   * of one network count as one host, as do all of this machine over a Unix
   * socket or in memory. For one more, the oldest from there of which the peer
   * has said nothing yet is cut off, as for `maxConnections`. The default leaves
   * half of the default `maxConnections` to others: raise it where all clients
   * come through one proxy.
   *
   * @default {5_000}
   */
  readonly maxConnectionsPerHost: number;
  /**
   * How many bytes a second the peer may send, other than answers to this
   * side's calls. One that sends more is cut off (`reason: "rate-limit"`).
   *
   * @default {Infinity}
   */
  readonly maxBytesPerSecond: number;
  /**
   * How many frames a second the peer may send: requests, what steers calls,
   * and answers that nobody waits for. What this side sets the pace of does not
   * count: answers to its calls, and requests for items of streams that it
   * sends. A peer that sends more is cut off (`reason: "rate-limit"`).
   *
   * @default {Infinity}
   */
  readonly maxFramesPerSecond: number;
  /**
   * How many requests a second the peer may send. One more is refused: the
   * peer's call fails with `ServerBusyError`. Requests by which RPC steers
   * calls and streams are frames, and do not count here.
   *
   * @default {Infinity}
   */
  readonly maxRequestsPerSecond: number;
  /**
   * The same for all channels of a server together.
   *
   * @default {Infinity}
   */
  readonly maxServerRequestsPerSecond: number;
  /**
   * What of these rates may come at once after a pause: as much as is allowed
   * in so many milliseconds.
   *
   * @default {1_000}
   */
  readonly burstMs: number;
  /**
   * For how long a peer may send nothing at all after it has connected to a
   * server, in milliseconds, before it is cut off (`reason: "first-frame"`). RPC
   * clients say something when they connect. Where clients of a channel only
   * answer what the server asks, or only listen, set it to `Infinity`.
   *
   * @default {60_000}
   */
  readonly firstFrameMs: number;
  /**
   * How long a frame may take to arrive once it has begun, in milliseconds,
   * before the peer is cut off (`reason: "slow-frame"`). Each MiB of it that
   * has arrived gives it as long again.
   *
   * @default {30_000}
   */
  readonly slowFrameMs: number;
  /**
   * For how long no frame may arrive while neither side waits for an answer,
   * in milliseconds, before the peer is cut off (`reason: "idle"`). It may last
   * twice as long until that is noticed. Heartbeats of RPC are frames.
   *
   * @default {Infinity}
   */
  readonly idleMs: number;
  /**
   * How deep lists and maps may be nested, both ways; at most 1,000. A value
   * of a custom type counts as two levels.
   *
   * @default {512}
   */
  readonly maxDepth: number;
  /**
   * How many keys one map may have, both ways.
   *
   * @default {262_144}
   */
  readonly maxKeys: number;
}

/** The limits that hold where nothing else is asked for. */
export const DEFAULT_LIMITS: Limits = {
  maxFrameBytes: 16 * 1024 * 1024,
  maxPendingCalls: 65_536,
  maxUnansweredRequests: 65_536,
  maxHeldBytes: 64 * 1024 * 1024,
  maxUnadmittedBytes: 64 * 1024,
  maxServerHeldBytes: 1024 * 1024 * 1024,
  maxQueuedBytes: 8 * 1024 * 1024,
  slowPeerMs: 30_000,
  maxConnections: 10_000,
  handshakeMs: 10_000,
  maxHandshakes: 512,
  maxConnectionsPerHost: 5_000,
  maxBytesPerSecond: Infinity,
  maxFramesPerSecond: Infinity,
  maxRequestsPerSecond: Infinity,
  maxServerRequestsPerSecond: Infinity,
  burstMs: 1_000,
  firstFrameMs: 60_000,
  slowFrameMs: 30_000,
  idleMs: Infinity,
  maxDepth: 512,
  maxKeys: 262_144,
};

/**
 * The default limits with `limits` put in their place.
 *
 * @throws {RangeError} If one is under 1, a rate under 0.001, or
 * `maxFrameBytes` under 1,024, which a failure may need.
 */
export function resolveLimits(limits?: Partial<Limits>): Limits {
  if (limits === undefined) return DEFAULT_LIMITS;
  const resolved = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(resolved)) {
    const least = leastOf(name);
    if (!(value >= least)) {
      throw new RangeError(
        `Cannot set limit '${name}' to ${value}: it must be at least ${least}`,
      );
    }
  }
  return resolved;
}

function leastOf(name: string): number {
  if (name === "maxFrameBytes") return 1024;
  return name.endsWith("PerSecond") ? 0.001 : 1;
}
