import type { NodeConnectionOptions } from "@nats-io/transport-node";

/**
 * How to connect to NATS servers: options of `connect` of
 * `@nats-io/transport-node`, such as `authenticator`, `user` and `pass`, `tls`
 * and `name`. `servers` are tried after the server of an address; they must belong
 * to the same cluster. An `inboxPrefix` must begin with `_INBOX`.
 */
export type NatsConnectionOptions = Pick<
  NodeConnectionOptions,
  | "authenticator"
  | "inboxPrefix"
  | "name"
  | "pass"
  | "servers"
  | "timeout"
  | "tls"
  | "token"
  | "user"
>;

/** Options for {@linkcode natsTransport}. */
export interface NatsTransportOptions {
  /**
   * How to connect to the NATS servers.
   *
   * @default {{}}
   */
  readonly connection?: NatsConnectionOptions;
  /**
   * How often each side of a connection that sends nothing makes sure that the
   * other one is still there, in milliseconds. A message without an answer: the
   * server tells if nobody gets it.
   *
   * @default {1_000}
   */
  readonly probeMs?: number;
}
