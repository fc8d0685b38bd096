import type { Channel, CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import { observed } from "../../transports/internal.ts";
import type { SessionContext } from "../_session_context.ts";
import { makeRemote } from "../references/_remote_proxy.ts";
import type { Remote } from "../remote.ts";
import type { RpcClient, RpcStats } from "../rpc_client.ts";

/** The session as seen by its client. */
type ClientContext =
  & Omit<SessionContext, "client">
  & { stats(): RpcStats };

/**
 * The users' handle of a session. It is a class, because an object literal with
 * a getter, created for each connection, would survive the garbage collector's
 * scavenge.
 */
export class SessionClient implements RpcClient {
  readonly channel: Channel;
  readonly #session: ClientContext;
  #remote: Remote<unknown> | null = null;

  /** Belongs to `session`. */
  constructor(session: ClientContext) {
    this.#session = session;
    this.channel = session.channel;
    observed.by?.handed(this, session.channel);
  }

  /** Created on first use: most acceptors never make calls. */
  get remote(): Remote<unknown> {
    const { calls } = this.#session;
    return this.#remote ??= makeRemote(calls, "") as Remote<unknown>;
  }

  get identity(): unknown {
    return this.#session.admission.identity;
  }

  get closed(): Promise<CloseReason> {
    return this.channel.closed;
  }

  close(options?: CloseOptions): Promise<void> {
    return this.channel.close(options);
  }

  stats(): RpcStats {
    return this.#session.stats();
  }

  ref(): void {
    this.channel.ref();
  }

  unref(): void {
    this.channel.unref();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
