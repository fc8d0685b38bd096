import { type Call, currentCall } from "./_current_call.ts";

export type { Call };

/**
 * Returns the call that the running method serves. Use it in an exposed method
 * before the first `await`, and keep the result for later.
 *
 * @throws {TypeError} Anywhere else.
 */
export function call(): Call {
  const current = currentCall();
  if (current !== null) return current;
  throw new TypeError(
    "Cannot find the current call: no exposed method is running, use 'call()' before the method's first 'await' and keep its result",
  );
}

/** Options of calls made through a proxy. */
export interface CallOptions {
  /**
   * Cancels the call: it rejects with the signal's reason, and the method's own
   * signal aborts if the other side has denomas's extensions. After the method
   * has returned a stream, alone or inside another value, the signal ends the
   * stream instead: its reader rejects with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait for the reply, in milliseconds. The method can read the
   * rest of this time.
   *
   * @default {the connection's `timeoutMs`}
   */
  readonly timeoutMs?: number | undefined;
  /**
   * Data for the other side's middleware, such as a token. It is sent only to a
   * peer with denomas's extensions.
   */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}
