import { checkRange } from "../../channel/internal.ts";
import { readThrown } from "../../channel/message.ts";
import {
  guardedOnError,
  type OnError,
  printLine,
  runGuarded,
} from "../../channel/report.ts";
import { printable } from "../../transports/printable.ts";
import type {
  AuthenticateOptions,
  CredentialsOptions,
} from "../authenticate.ts";
import { isServicePath } from "../references/_call_content.ts";
import type { AddressResolver } from "../references/_remote_proxy.ts";
import type { FailedCall, RpcOptions } from "../rpc_options.ts";
import { DEFAULT_WINDOW } from "../streams/_window.ts";

/** All options of a session, as passed by the layers above. */
export interface SessionOptions
  extends RpcOptions, AuthenticateOptions, CredentialsOptions {
  /** Whether this side opened the connection. The initiator sends the hello. */
  readonly isInitiator: boolean;
  /** Resolves addresses of agents. */
  readonly resolver?: AddressResolver | undefined;
  /** The address of the other side's container, if it is known. */
  readonly peerContainer?: string | undefined;
  /** The name of the connection in the hello, if this side is the initiator. */
  readonly connectionName?: string | undefined;
  /** The identity of a peer that needs no authentication. */
  readonly identity?: unknown;
}

/** Options that have a default. */
type Defaulted =
  | "authenticateMs"
  | "extensions"
  | "heartbeatMs"
  | "maskErrors"
  | "maxReferences"
  | "middleware"
  | "onMethodError"
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
 * @throws {RangeError} If a number is less than 1.
 * @throws {TypeError} If there are credentials but the extensions, which send
 * them, are off.
 */
export function resolveSessionOptions(
  options: SessionOptions,
): ResolvedSessionOptions {
  const onError = guardedOnError(options.onError);
  const { onMethodError = printMethodError } = options;
  const resolved: ResolvedSessionOptions = {
    ...options,
    authenticateMs: options.authenticateMs ?? 10_000,
    extensions: options.extensions ?? true,
    heartbeatMs: options.heartbeatMs ?? 15_000,
    maskErrors: options.maskErrors ?? true,
    maxReferences: options.maxReferences ?? 65_536,
    middleware: options.middleware ?? {},
    sendStacks: options.sendStacks ?? false,
    streamWindow: options.streamWindow ?? DEFAULT_WINDOW,
    onError,
    onMethodError: (error, failed) =>
      runGuarded(() => onMethodError(error, failed), (failure) => {
        const { remoteAddress: address } = failed.call;
        onError(error, { kind: "callback", address });
        onError(failure, { kind: "callback", address });
      }),
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

/** The maximum length of an error text in a line, in UTF-16 units. */
const SHOWN_UNITS = 2_000;

function printMethodError(error: unknown, { call, id }: FailedCall): void {
  const { name, message } = readThrown(error);
  const text = printable(`${name}: ${message}`, SHOWN_UNITS);
  const address = printable(call.remoteAddress);
  const path = printable(call.path);
  const what = "options" in call
    ? `error of a stream passed to '${path}' at ${address}`
    : isServicePath(call.path)
    ? `method error in '${path}', called by ${address}`
    : `error in a function or service that was passed to ${address}`;
  printLine(`denomas: ${what}: ${text} (id ${id})`, "stderr");
}
