import { isUnavailable } from "@denomas/denomas/channel";
import { openReconnecting } from "@denomas/denomas/reconnect";
import type { JobService, Peer } from "./service.ts";

/** Connects to the queue, and reconnects whenever the connection is lost. */
export function connect(address: string, name: string, role: Peer["role"]) {
  return openReconnecting<JobService>(address, {
    credentials: { name, role, token: `token of ${role}s` },
    retryForMs: 60_000, // the server may start later
    backoff: { initialMs: 20, maxMs: 200 },
    onError: () => {}, // here a server may be away for a while
  });
}

/** Throws any error, except one of a call that found no server or lost it. */
export function ignoreLoss(error: unknown): void {
  if (!isUnavailable(error)) throw error;
}
