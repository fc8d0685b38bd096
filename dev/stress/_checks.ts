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
import {
  ConnectError,
  FrameTooLargeError,
  HandshakeError,
  ProtocolError,
} from "../../transports/errors.ts";
import { comesTrue, rest } from "../shared/wait.ts";
import type { TestService } from "./_test_service.ts";
import type { TrialWorld } from "./_trial.ts";

/** Errors with which a call may end in a storm. */
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

/** Returns whether an error means that something was lost, cut or aborted. */
export function isLoss(error: unknown): boolean {
  // A method that called another one reports the loss of that call.
  if (error instanceof RemoteError) {
    return error.remoteName === "AbortError" ||
      LOSSES.some(({ name }) => name === error.remoteName);
  }
  // A peer whose hello was lost appears not to support streams.
  const cause = error instanceof SerializationError ? error.cause : null;
  return cause instanceof UnsupportedByPeerError ||
    LOSSES.some((kind) => error instanceof kind);
}

/** Returns whether an error implies that the request did not run. */
export function isUnsent(error: unknown): boolean {
  return error instanceof ServerBusyError ||
    ((error instanceof ConnectionClosedError ||
      error instanceof TimeoutError) && !error.sent);
}

/** Checks that handlers threw only errors that storms or fuzzing cause. */
export function checkHandlerErrors({ ctx, counters, name }: TrialWorld): void {
  for (const error of ctx.takeHandlerErrors()) {
    if (isBrokenOff(error) || isLoss(error)) continue;
    counters.breach(`${name}: a handler threw ${Deno.inspect(error)}`);
  }
}

/**
 * Returns whether an error comes from a connection that was cut within a frame
 * or a handshake.
 */
function isBrokenOff(error: unknown): boolean {
  return error instanceof ProtocolError ||
    error instanceof FrameTooLargeError ||
    (error instanceof HandshakeError && error.code === "ended");
}

/** Checks that no calls or streams of lost clients are left. */
export async function checkEnded(
  service: TestService,
  { counters, name }: TrialWorld,
): Promise<void> {
  if (await comesTrue(() => service.underWay === 0)) return;
  counters.breach(
    `${name}: ${service.underWay} streams and calls were never ended`,
  );
}

/** Starts `count` clients, each of which calls `visit` repeatedly. */
export function visitUntil(
  count: number,
  visit: () => Promise<void>,
  { until, counters, name }: TrialWorld,
): Promise<void>[] {
  return Array.from({ length: count }, async () => {
    while (performance.now() < until) {
      counters.add("clients");
      try {
        await visit();
      } catch (error) {
        // The connection attempt was cut, or the time is up.
        if (!isLoss(error) && !isTimeUp(error)) {
          counters.breach(`${name}: a client failed by ${Deno.inspect(error)}`);
        }
        await rest(1);
      }
    }
  });
}

function isTimeUp(error: unknown): boolean {
  return error instanceof DOMException && error.name === "TimeoutError";
}
