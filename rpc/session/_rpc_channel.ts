import type { ChannelStarter } from "../../channel/internal.ts";
import type { Channel } from "../../channel/channel.ts";
import type { ChannelOptions } from "../../channel/options.ts";
import {
  guardedOnError,
  type OnError,
  runGuarded,
} from "../../channel/report.ts";
import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../authenticate.ts";
import {
  DEFAULT_WINDOW,
  type StreamWindow,
} from "../streams/_outgoing_streams.ts";
import type { ConnectionObserver, Middleware } from "../middleware.ts";
import { isControl, Peer, type PeerOptions } from "./_peer.ts";
import type { AddressResolver } from "../references/_addressable.ts";
import { MAX_REFERENCES } from "../references/_references.ts";

/** Options of both ends of an RPC connection. */
export interface RpcOptions extends ChannelOptions {
  /**
   * For how long nothing may arrive before the other side is asked for a sign
   * of life, in milliseconds; `Infinity` never asks. Two questions without an
   * answer end the connection. Only with a peer that has denomas's extensions,
   * or that has said nothing at all: that is gone after three times as long, or
   * forty times if it was called.
   *
   * @default {15_000}
   */
  readonly heartbeatMs?: number | undefined;
  /**
   * Whether to use denomas's extensions if the other side has them. Turn them
   * off for a peer that an unknown request would harm, such as mosaik; streams,
   * heartbeats, and what else needs them, are not there then.
   *
   * @default {true}
   */
  readonly extensions?: boolean | undefined;
  /**
   * How much of each stream may be under way: produced, and not consumed. Of
   * the two sides' windows the smaller one holds. A peer that sends more items
   * than this ends its connection.
   *
   * @default {{ items: 64, bytes: 1_048_576 }}
   */
  readonly streamWindow?: StreamWindow | undefined;
  /**
   * Whether failures tell the other side the stack of the error.
   *
   * @default {false}
   */
  readonly sendStacks?: boolean | undefined;
  /**
   * How many functions and unlisted services of this side the other side may
   * have at once. A message that passes one more is a `SerializationError`.
   *
   * @default {65_536}
   */
  readonly maxReferences?: number | undefined;
  /**
   * Functions that run around calls, in both directions, and for each
   * connection.
   *
   * @default {none}
   */
  readonly middleware?: Middleware | undefined;
}

const HEARTBEAT_MS = 15_000;
const AUTHENTICATE_MS = 10_000;

const peers = new WeakMap<Channel, Peer>();

/** The RPC side of a channel that {@linkcode rpcChannel} started. */
export function peerOf(channel: Channel): Peer {
  return peers.get(channel)!;
}

/**
 * Starts channels that serve `root` to the other side.
 *
 * @throws {RangeError} If a number is under 1.
 * @throws {TypeError} If there are credentials, and no extensions to send them.
 */
export function rpcChannel(
  root: object | null,
  options: RpcOptions & AuthenticateOptions & CredentialsOptions & {
    readonly saysHello: boolean;
    readonly places?: AddressResolver;
    /** Who the other side is, where nobody has to ask. */
    readonly identity?: unknown;
  },
): ChannelStarter {
  const numbers = resolveNumbers(options);
  checkCredentials(options);
  const { authenticate = null } = options;
  return (channel) => {
    const peer = new Peer({
      root,
      saysHello: options.saysHello,
      extensions: options.extensions ?? true,
      timeoutMs: channel.timeoutMs,
      ...numbers,
      sendStacks: options.sendStacks ?? false,
      places: options.places ?? null,
      serving: options.middleware?.requests ?? [],
      calling: options.middleware?.calls ?? [],
      authenticate,
      identity: options.identity,
      credentials: options.credentials,
      limits: channel.limits,
      onError: guardedOnError(options.onError),
    });
    channel.start({
      types: [peer.entry],
      onRequest: (request) => peer.handle(request),
      admission: {
        isControl,
        ...(authenticate !== null && {
          isUnadmitted: (content) => peer.holds(content),
        }),
      },
      encodeFailure: (error) => peer.toFailure(error),
      decodeFailure: (content, origin) => peer.toError(content, origin),
    });
    peer.attach(channel);
    peers.set(channel, peer);
    for (const observe of options.middleware?.connections ?? []) {
      tell(observe, channel, guardedOnError(options.onError));
    }
  };
}

function tell(
  observe: ConnectionObserver,
  channel: Channel,
  onError: OnError,
): void {
  runGuarded(
    () => observe(channel),
    (error) =>
      onError(error, { kind: "callback", address: channel.localAddress }),
  );
}

function resolveNumbers(
  {
    heartbeatMs = HEARTBEAT_MS,
    streamWindow: window = DEFAULT_WINDOW,
    maxReferences = MAX_REFERENCES,
    authenticateMs = AUTHENTICATE_MS,
  }: RpcOptions & AuthenticateOptions,
): Pick<
  PeerOptions,
  "heartbeatMs" | "window" | "maxReferences" | "authenticateMs"
> {
  checkNumber("heartbeatMs", heartbeatMs);
  checkNumber("streamWindow.items", window.items);
  checkNumber("streamWindow.bytes", window.bytes);
  checkNumber("maxReferences", maxReferences);
  checkNumber("authenticateMs", authenticateMs);
  return { heartbeatMs, window, maxReferences, authenticateMs };
}

function checkCredentials(
  { credentials, extensions }: RpcOptions & CredentialsOptions,
): void {
  if (credentials === undefined || extensions !== false) return;
  throw new TypeError(
    "Cannot send 'credentials': they travel by the extensions, which are off",
  );
}

function checkNumber(name: string, value: number): void {
  if (value >= 1) return;
  throw new RangeError(
    `Cannot set '${name}' to ${value}: it must be at least 1`,
  );
}
