import {
  ConnectionClosedError,
  ServerBusyError,
} from "@denomas/denomas/channel";
import { openReconnecting } from "@denomas/denomas/reconnect";
import type { JobService, Peer } from "./service.ts";

/** Connects to the queue, and again whenever the connection is lost. */
export function connect(address: string, { name, role }: Peer) {
  return openReconnecting<JobService>(address, {
    credentials: { name, token: `token of ${role}s` },
    retryForMs: 10_000, // there may be no server yet
    backoff: { initialMs: 20, maxMs: 200 },
    onError: () => {}, // no server for a while is no news here
  });
}

/** Whether a call found no server, or lost it: another one may do. */
export function isLoss(error: unknown): boolean {
  return error instanceof ConnectionClosedError ||
    error instanceof ServerBusyError;
}
