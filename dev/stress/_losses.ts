import {
  ConnectionClosedError,
  QueueFullError,
  RemoteError,
  SerializationError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import {
  AgentNotFoundError,
  ReferenceReleasedError,
  UnsupportedByPeerError,
} from "../../rpc/errors.ts";
import { ContainerClosedError } from "../../agent/errors.ts";
import { ConnectError } from "../../transports/errors.ts";

/** What a call in a storm may end with. */
const LOSSES = [
  ConnectionClosedError,
  ConnectError,
  TimeoutError,
  ServerBusyError,
  QueueFullError,
  AgentNotFoundError,
  ContainerClosedError,
  ReferenceReleasedError,
] as const;

/** Whether an error says that something was lost, cut or given up. */
export function isLoss(error: unknown): boolean {
  // A method that called another tells of that one's loss.
  if (error instanceof RemoteError) {
    return error.remoteName === "AbortError" ||
      LOSSES.some(({ name }) => name === error.remoteName);
  }
  // A peer whose hello was lost is taken for one that has no streams.
  const cause = error instanceof SerializationError ? error.cause : null;
  return cause instanceof UnsupportedByPeerError ||
    LOSSES.some((kind) => error instanceof kind);
}

/** Whether an error says that the request did not run. */
export function isUnsent(error: unknown): boolean {
  return error instanceof ServerBusyError ||
    ((error instanceof ConnectionClosedError ||
      error instanceof TimeoutError) && !error.sent);
}
