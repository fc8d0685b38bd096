import type { CloseOptions } from "../../channel/channel.ts";
import { observed } from "../../transports/internal.ts";
import type { SessionContext } from "../_session_context.ts";
import { makeRemote } from "../references/_remote_proxy.ts";
import type { RpcClient, RpcStats } from "../rpc_client.ts";

/** Returns the handle of a session for users. */
export function makeClient(
  session: Omit<SessionContext, "client">,
  stats: () => RpcStats,
): RpcClient {
  const { channel } = session;
  const close = (options?: CloseOptions) => channel.close(options);
  const client: RpcClient = {
    remote: makeRemote(session.calls, ""),
    channel,
    get identity() {
      return session.admission.identity;
    },
    closed: channel.closed,
    close,
    stats,
    ref: () => channel.ref(),
    unref: () => channel.unref(),
    [Symbol.asyncDispose]: () => close(),
  };
  observed.by?.handed(client, channel);
  return client;
}
