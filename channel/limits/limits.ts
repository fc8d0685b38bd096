import { checkRange } from "./_check_range.ts";

/** Limits on single frames, in both directions. */
export class FrameLimits {
  /**
   * The longest payload of a frame, in bytes. It also bounds the memory that
   * decoding one message can take.
   *
   * @default {16_777_216}
   */
  readonly maxBytes: number = 16 * 1024 * 1024;
  /**
   * The deepest nesting of lists and maps in a message; at most 1,000. A value
   * of a custom type counts as two levels.
   *
   * @default {512}
   */
  readonly maxDepth: number = 512;
  /**
   * The most keys that one map in a message may have.
   *
   * @default {262_144}
   */
  readonly maxKeys: number = 262_144;
  /**
   * The longest time from the first byte of a frame to its last, in
   * milliseconds. Each MiB that has arrived extends it by as much again. A
   * slower peer is cut off (`code: "slow-frame"`).
   *
   * @default {30_000}
   */
  readonly timeoutMs: number = 30_000;
}

/** Limits on calls and requests, and on the memory that they take. */
export class RequestLimits {
  /**
   * The most calls of this side that may wait for replies. One more rejects
   * with `QueueFullError`.
   *
   * @default {65_536}
   */
  readonly maxPending: number = 65_536;
  /**
   * The most requests of the peer that may wait for an answer. One more is
   * refused: the peer's call fails with `ServerBusyError`. The same number of
   * control requests, such as cancellations, may wait in addition.
   *
   * @default {65_536}
   */
  readonly maxUnanswered: number = 65_536;
  /**
   * The most memory that the peer may make this side hold, in bytes:
   * unanswered requests, unconsumed items of streams, references. Each counts
   * by its decoded size. A request over the limit is refused
   * (`ServerBusyError`); anything else ends the connection (`code:
   * "over-budget"`).
   *
   * One message may take four times `frames.maxBytes`, but at least half of
   * this limit and at most all of it. A message that would take more ends the
   * connection before it is decoded.
   *
   * @default {67_108_864}
   */
  readonly maxHeldBytes: number = 64 * 1024 * 1024;
  /**
   * The most memory that a peer may make a server hold before it is admitted,
   * in bytes, on connections whose peers must be admitted. A request over the
   * limit is refused (`ServerBusyError`); a longer frame ends the connection
   * (`code: "over-budget"`).
   *
   * @default {65_536}
   */
  readonly maxUnadmittedBytes: number = 64 * 1024;
  /**
   * The same as `limits.requests.maxHeldBytes`, for all channels of a server or
   * a container together, in bytes. Partly received frames and data queued for
   * peers that do not read count as well. The peers of one host may hold half
   * of this memory, and one peer half of what is then free.
   *
   * @default {1_073_741_824}
   */
  readonly maxServerHeldBytes: number = 1024 * 1024 * 1024;
}

/** Limits on data that waits to be written. */
export class QueueLimits {
  /**
   * The amount of queued data, in bytes, above which `send` waits. Answers do
   * not wait. At four times this amount new requests are refused, and the peer
   * is cut off if the queue does not shrink below it within a second; at
   * sixteen times the peer is cut off at once (`code: "slow-peer"`).
   *
   * @default {8_388_608}
   */
  readonly maxBytes: number = 8 * 1024 * 1024;
  /**
   * The longest time in which a peer may read nothing of the queued data, or
   * less than 16 KiB where more is queued, in milliseconds, before it is cut
   * off (`code: "slow-peer"`). Detection may take twice as long.
   *
   * @default {30_000}
   */
  readonly slowPeerMs: number = 30_000;
}

/** Limits on how fast a peer may send. */
export class RateLimits {
  /**
   * The most bytes per second that the peer may send, apart from replies to
   * calls of this side. A faster peer is cut off (`code: "rate-limit"`).
   *
   * @default {Infinity}
   */
  readonly bytesPerSecond: number = Infinity;
  /**
   * The most frames per second that the peer may send: requests, control
   * requests, and replies that nobody waits for. Replies to calls of this side
   * and requests for items of its streams do not count. A faster peer is cut
   * off (`code: "rate-limit"`).
   *
   * @default {Infinity}
   */
  readonly framesPerSecond: number = Infinity;
  /**
   * The most requests per second that the peer may send. One more is refused:
   * the peer's call fails with `ServerBusyError`. Control requests count as
   * frames, and not here.
   *
   * @default {Infinity}
   */
  readonly requestsPerSecond: number = Infinity;
  /**
   * The most requests per second for all channels of a server together.
   *
   * @default {Infinity}
   */
  readonly serverRequestsPerSecond: number = Infinity;
  /**
   * The length of a burst after a pause, in milliseconds: as much as the rates
   * allow in this time may arrive at once.
   *
   * @default {1_000}
   */
  readonly burstMs: number = 1_000;
}

/** Limits on the connections of a server. */
export class ConnectionLimits {
  /**
   * The most connections that a server holds. To admit one more, the server
   * cuts off the oldest connection whose peer has sent nothing yet
   * (`code: "server-full"`), on the host with the most such connections. If
   * there is none, it closes the new connection at once.
   *
   * @default {10_000}
   */
  readonly max: number = 10_000;
  /**
   * The most connections that a server holds from one host. The 2⁶⁴ IPv6
   * addresses of one network count as one host, as do all peers over a Unix
   * socket or in memory. One more is handled as for `max`, within that host.
   * The default leaves half of the default `max` to other hosts: raise it where
   * all clients come through one proxy.
   *
   * @default {5_000}
   */
  readonly maxPerHost: number = 5_000;
  /**
   * The longest time between connecting and the first frame of a client, in
   * milliseconds, before it is cut off (`code: "first-frame"`). Set it to
   * `Infinity` where clients only answer or only listen.
   *
   * @default {60_000}
   */
  readonly firstFrameMs: number = 60_000;
  /**
   * The longest time without a frame while neither side waits for a reply, in
   * milliseconds, before the peer is cut off (`code: "idle"`). Detection may
   * take twice as long. Heartbeats are frames.
   *
   * @default {Infinity}
   */
  readonly idleMs: number = Infinity;
}

/** Limits on the unfinished handshakes of a server, such as those of TLS. */
export class HandshakeLimits {
  /**
   * The most unfinished handshakes. Each takes memory, and a silent client may
   * hold it for `timeoutMs`. To start one more, the server gives up the oldest
   * handshake of the host that has the most.
   *
   * @default {512}
   */
  readonly max: number = 512;
  /**
   * The longest time that a handshake may take, in milliseconds.
   *
   * @default {10_000}
   */
  readonly timeoutMs: number = 10_000;
}

/**
 * The limits on what one peer may make this side hold and do. The peer is not
 * trusted: each limit is checked before the memory is taken.
 */
export class Limits {
  /** Limits on single frames. */
  readonly frames: FrameLimits = new FrameLimits();
  /** Limits on calls and requests. */
  readonly requests: RequestLimits = new RequestLimits();
  /** Limits on data that waits to be written. */
  readonly queues: QueueLimits = new QueueLimits();
  /** Limits on how fast a peer may send. */
  readonly rates: RateLimits = new RateLimits();
  /** Limits on the connections of a server. */
  readonly connections: ConnectionLimits = new ConnectionLimits();
  /** Limits on the handshakes of a server. */
  readonly handshakes: HandshakeLimits = new HandshakeLimits();
}

/** The limits to change. All others keep their defaults. */
export type LimitOptions = {
  readonly [Group in keyof Limits]?: Partial<Limits[Group]> | undefined;
};

/** The default limits. */
export const DEFAULT_LIMITS: Limits = new Limits();

/**
 * The highest value of `frames.maxDepth`. A walk of a few thousand levels fits
 * the stack of a thread, and Python's `json` gives up near 1,000.
 */
export const HIGHEST_DEPTH = 1_000;

type Groups = Record<string, Record<string, number>>;

/**
 * Returns the default limits, with those in `limits` replaced.
 *
 * @throws {TypeError} If there is no limit of a given name.
 * @throws {RangeError} If a limit is under 1, a rate under 0.001,
 * `frames.maxBytes` under 1,024 (which a failure report may need), or
 * `frames.maxDepth` above 1,000.
 */
export function resolveLimits(limits?: LimitOptions): Limits {
  if (limits === undefined) return DEFAULT_LIMITS;
  const resolved = new Limits() as unknown as Groups;
  for (const [group, values] of Object.entries(limits)) {
    for (const [name, value] of Object.entries(values ?? {})) {
      checkLimit(resolved, group, name, value);
      resolved[group]![name] = value!;
    }
  }
  return resolved as unknown as Limits;
}

function checkLimit(
  known: Groups,
  group: string,
  name: string,
  value: number | undefined,
): void {
  const path = `limits.${group}.${name}`;
  if (known[group]?.[name] === undefined) {
    throw new TypeError(`Cannot set '${path}': there is no such limit`);
  }
  const most = path === "limits.frames.maxDepth" ? HIGHEST_DEPTH : Infinity;
  checkRange(path, Number(value), leastOf(group, name), most);
}

function leastOf(group: string, name: string): number {
  if (group === "frames" && name === "maxBytes") return 1024;
  return name.endsWith("PerSecond") ? 0.001 : 1;
}
