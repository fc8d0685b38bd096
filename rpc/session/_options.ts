import { checkRange } from "../../channel/internal.ts";
import { guardedOnError, type OnError } from "../../channel/report.ts";
import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../authenticate.ts";
import type { AddressResolver } from "../references/_remote_proxy.ts";
import type { RpcOptions, StreamWindow } from "../rpc_options.ts";

/** The default window. */
export const DEFAULT_WINDOW: StreamWindow = { items: 64, bytes: 1024 * 1024 };

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

/** Options that have a default. */
type Defaulted =
  | "authenticateMs"
  | "extensions"
  | "heartbeatMs"
  | "maxReferences"
  | "middleware"
  | "sendStacks"
  | "streamWindow";

/** The options of a session with the defaults filled in. */
export type ResolvedSessionOptions =
  & Omit<SessionOptions, Defaulted | "onError">
  & { readonly [K in Defaulted]-?: Exclude<SessionOptions[K], undefined> }
  & { readonly onError: OnError };

/**
 * Checks options and fills in the defaults.
 *
 * @throws {RangeError} If a number is under 1.
 * @throws {TypeError} If there are credentials, and no extensions to send them.
 */
export function resolveSessionOptions(
  options: SessionOptions,
): ResolvedSessionOptions {
  const resolved = {
    ...options,
    authenticateMs: options.authenticateMs ?? 10_000,
    extensions: options.extensions ?? true,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    maxReferences: options.maxReferences ?? 65_536,
    middleware: options.middleware ?? {},
    sendStacks: options.sendStacks ?? false,
    streamWindow: options.streamWindow ?? DEFAULT_WINDOW,
    onError: guardedOnError(options.onError),
  };
  checkRange("authenticateMs", resolved.authenticateMs, 1);
  checkRange("heartbeatMs", resolved.heartbeatMs, 1);
  checkRange("maxReferences", resolved.maxReferences, 1);
  checkRange("streamWindow.items", resolved.streamWindow.items, 1);
  checkRange("streamWindow.bytes", resolved.streamWindow.bytes, 1);
  if (resolved.credentials === undefined || resolved.extensions) {
    return resolved;
  }
  throw new TypeError(
    "Cannot send 'credentials': they travel by the extensions, which are off",
  );
}
