import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../authenticate.ts";
import { guardedOnError, type OnError } from "../../channel/report.ts";
import type { Authenticate } from "../authenticate.ts";
import type {
  CallMiddleware,
  ConnectionObserver,
  RequestMiddleware,
} from "../middleware.ts";
import type { AddressResolver } from "../references/_address_resolver.ts";
import { MAX_REFERENCES } from "../references/_references.ts";
import type { RpcOptions, StreamWindow } from "../rpc_options.ts";
import { DEFAULT_WINDOW } from "../streams/_outgoing_streams.ts";

/** All options of a session, as the layers above give them. */
export interface SessionOptions
  extends RpcOptions, AuthenticateOptions, CredentialsOptions {
  /** Whether this side has made the connection: the initiator says hello. */
  readonly isInitiator: boolean;
  /** Resolves addresses of agents. */
  readonly resolver?: AddressResolver | undefined;
  /** The identity of a peer that needs no authentication. */
  readonly identity?: unknown;
}

/** The options of a session with the defaults filled in. */
export interface ResolvedSessionOptions {
  readonly isInitiator: boolean;
  readonly extensions: boolean;
  readonly heartbeatMs: number;
  readonly streamWindow: StreamWindow;
  readonly maxReferences: number;
  readonly sendStacks: boolean;
  readonly calls: readonly CallMiddleware[];
  readonly requests: readonly RequestMiddleware[];
  readonly connections: readonly ConnectionObserver[];
  readonly authenticate: Authenticate | null;
  readonly authenticateMs: number;
  readonly identity: unknown;
  readonly credentials: unknown;
  readonly resolver: AddressResolver | null;
  readonly onError: OnError;
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws {RangeError} If a number is under 1.
 * @throws {TypeError} If there are credentials, and no extensions to send them.
 */
export function resolveSessionOptions(
  options: SessionOptions,
): ResolvedSessionOptions {
  const {
    heartbeatMs = 15_000,
    streamWindow = DEFAULT_WINDOW,
    maxReferences = MAX_REFERENCES,
    authenticateMs = 10_000,
    extensions = true,
    credentials,
    middleware = {},
  } = options;
  const numbers = { heartbeatMs, maxReferences, authenticateMs };
  const { items, bytes } = streamWindow;
  for (
    const [name, value] of Object.entries({
      ...numbers,
      "streamWindow.items": items,
      "streamWindow.bytes": bytes,
    })
  ) {
    if (value >= 1) continue;
    throw new RangeError(
      `Cannot set '${name}' to ${value}: it must be at least 1`,
    );
  }
  if (credentials !== undefined && !extensions) {
    throw new TypeError(
      "Cannot send 'credentials': they travel by the extensions, which are off",
    );
  }
  return {
    ...numbers,
    streamWindow,
    extensions,
    credentials,
    isInitiator: options.isInitiator,
    identity: options.identity,
    authenticate: options.authenticate ?? null,
    resolver: options.resolver ?? null,
    sendStacks: options.sendStacks ?? false,
    calls: middleware.calls ?? [],
    requests: middleware.requests ?? [],
    connections: middleware.connections ?? [],
    onError: guardedOnError(options.onError),
  };
}
