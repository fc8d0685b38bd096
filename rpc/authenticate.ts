/** What is known of a peer before it is known who that is. */
export interface UnknownPeer {
  /** The name that its certificate proved, or `null`. */
  readonly peerName: string | null;
  /** Its address. */
  readonly remoteAddress: string;
  /**
   * Whether this side has made the connection, as a container does. Such a peer
   * shows no credentials; of what a container has spawned it knows them. Refused,
   * it may call the functions that it is passed, and nothing else.
   */
  readonly isInitiator: boolean;
  /** Aborts when the time is over or the connection lost. */
  readonly signal: AbortSignal;
}

/**
 * Tells who a peer is, by the `credentials` that it has sent; `undefined` if it
 * has sent none, as peers without denomas's extensions do. What it returns, or
 * resolves to, is the `identity` of the peer's calls. To refuse the peer it
 * throws an `AuthenticationError`, whose message the peer is told; of any other
 * error the peer learns nothing, and `onError` hears.
 *
 * It runs once for each connection, before anything else of yours: methods,
 * middleware, deserializers, `onConnect`. Credentials are plain data, and come
 * from anybody: check their types.
 *
 * ```ts
 * import { AuthenticationError, call, openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const users = new Map([["4f2c…", "ada"]]);
 * const office = service({ whoAmI: () => String(call().identity) });
 *
 * await using server = await startServer("local://office", office, {
 *   authenticate(credentials) {
 *     const user = users.get(String(credentials));
 *     if (user === undefined) throw new AuthenticationError("Unknown token");
 *     return user;
 *   },
 * });
 *
 * const options = { credentials: "4f2c…" };
 * await using client = await openConnection<typeof office>(server.address, options);
 * assertEquals(await client.remote.whoAmI(), "ada");
 *
 * await assertRejects(
 *   () => openConnection(server.address, { credentials: "guess" }),
 *   AuthenticationError,
 *   "Unknown token",
 * );
 * ```
 */
export type Authenticate = (
  credentials: unknown,
  peer: UnknownPeer,
) => unknown;

/** How a side that listens learns who calls. */
export interface AuthenticateOptions {
  /**
   * Tells who a peer is, before anything of its can be served.
   *
   * @default {everybody may call}
   */
  readonly authenticate?: Authenticate | undefined;
  /**
   * How long that may take, in milliseconds, from when the peer connects: for
   * the peer to send its credentials, and for `authenticate` to judge them.
   *
   * @default {10_000}
   */
  readonly authenticateMs?: number | undefined;
}

/** How a side that connects shows who it is. */
export interface CredentialsOptions {
  /**
   * What to show to `authenticate` of the other side: plain data, or a function
   * that returns it or a promise of it, which is called for each connection.
   * Where it fails, connecting fails with the same error. Whoever listens there
   * can read what is shown: send it to strangers over TLS only.
   *
   * @default {nothing}
   */
  readonly credentials?: unknown;
}
