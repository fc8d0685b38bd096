/** Options of calls made through a proxy. */
export interface CallOptions {
  /**
   * Gives the call up: it rejects with the signal's reason, and the method's
   * own signal aborts if the other side has denomas's extensions. Once it has
   * returned a stream, alone or within something else, ends that instead: what
   * reads it rejects with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait for the answer, in milliseconds. The method learns what
   * is left of it.
   *
   * @default {the connection's `timeoutMs`}
   */
  readonly timeoutMs?: number | undefined;
  /**
   * What to tell the other side's middleware, such as a token. Sent only to a
   * peer with denomas's extensions.
   */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}
