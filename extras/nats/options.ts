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

/** Options for {@linkcode natsEngine}. */
export interface NatsEngineOptions {
  /**
   * How to connect to the NATS servers.
   *
   * @default {{}}
   */
  readonly connection?: NatsConnectionOptions;
  /**
   * The name of the bucket that keeps the entries, of letters, digits, `_` and `-`.
   * It is made if it is not there. Engines with different buckets share nothing.
   *
   * @default {"denomas"}
   */
  readonly bucket?: string;
  /**
   * On how many servers a bucket is kept that is made by this engine.
   *
   * @default {1}
   */
  readonly replicas?: 1 | 3 | 5;
  /**
   * How long an operation may take, and waits for a connection, in milliseconds.
   *
   * @default {5_000}
   */
  readonly timeoutMs?: number;
  /**
   * The time in which failed attempts to connect for the first time are repeated,
   * in milliseconds; `Infinity` repeats for ever.
   *
   * @default {0}
   */
  readonly retryForMs?: number;
  /**
   * The address at which a node of this engine listens.
   *
   * @default {a name at the NATS server, for a node that others reach through it}
   */
  readonly nodeAddress?: string;
}
