/** What a method may know of the call that it serves. */
export interface Call {
  /**
   * Aborts when the caller gives the call up, when its time is over, or when
   * the connection is lost.
   */
  readonly signal: AbortSignal;
  /** Path of the method. */
  readonly path: string;
  /** Address of the caller. */
  readonly remoteAddress: string;
  /**
   * The name in the certificate that the caller proved to have, as a channel's
   * `peer`, or `null`.
   */
  readonly peer: string | null;
  /**
   * Who the caller is, as `authenticate` told; `undefined` where there is no
   * such option. For a container's calls to its own agents, whoever caused them,
   * it is the `Container`.
   */
  readonly identity: unknown;
  /**
   * What is left of the time that the caller allowed, in milliseconds, or
   * `Infinity`. Pass it on with `withOptions(remote, { timeoutMs })`.
   */
  readonly remainingMs: number;
  /** What the caller's middleware added, such as a token. */
  readonly meta: Readonly<Record<string, unknown>>;
  /**
   * What this side remembers of the connection while it lasts, such as who
   * logged in; all calls on the connection share it.
   */
  readonly session: Map<string, unknown>;
}

let current: Call | null = null;

/**
 * The call that the running method serves. To be called in an exposed method
 * before its first `await`; keep the result for later.
 *
 * @throws {TypeError} Anywhere else.
 */
export function call(): Call {
  if (current !== null) return current;
  throw new TypeError(
    "Cannot tell which call this is: use 'call()' in an exposed method before its first 'await', and keep what it returns",
  );
}

/** Runs the part of a method up to its first `await` as serving `served`. */
export function runAs<T>(served: Call, method: () => T): T {
  const before = current;
  current = served;
  try {
    return method();
  } finally {
    current = before;
  }
}
