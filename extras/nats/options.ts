import type { NodeConnectionOptions } from "@nats-io/transport-node";

/**
 * How to connect to NATS servers: options of `connect` of
 * `@nats-io/transport-node`, such as `authenticator`, `user` and `pass`, `tls`
 * and `name`. `servers` are tried after the server in an address, and must
 * belong to the same cluster. An `inboxPrefix` must begin with `_INBOX`.
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
   * How often an idle side of a connection probes whether the other side still
   * exists, in milliseconds. A probe is a message without an answer: the server
   * reports if it has no subscriber.
   *
   * @default {1_000}
   */
  readonly probeMs?: number;
}

/** Options for {@linkcode natsEngine}. */
export interface NatsEngineOptions {
  /**
   * How to connect to the NATS servers.
   *
   * @default {{}}
   */
  readonly connection?: NatsConnectionOptions;
  /**
   * The name of the bucket that stores the entries, of letters, digits, `_` and
   * `-`. The bucket is created if it does not exist. Engines with different
   * buckets share nothing.
   *
   * @default {"denomas"}
   */
  readonly bucket?: string;
  /**
   * The number of servers that store a bucket which this engine creates.
   *
   * @default {1}
   */
  readonly replicas?: 1 | 3 | 5;
  /**
   * The time limit of an operation, and of waiting for a connection, in
   * milliseconds.
   *
   * @default {5_000}
   */
  readonly timeoutMs?: number;
  /**
   * How long failed attempts to connect for the first time are retried, in
   * milliseconds; `Infinity` for no limit.
   *
   * @default {0}
   */
  readonly retryForMs?: number;
  /**
   * The address at which a node of this engine listens.
   *
   * @default {a name at the NATS server, for a node that others reach through
   * it}
   */
  readonly nodeAddress?: string;
}
