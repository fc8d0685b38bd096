import type { UpgradeRequest } from "../transports/upgrade_request.ts";

/** A peer that is not authenticated yet. */
export interface UnknownPeer {
  /** The name in its certificate, or `null`. */
  readonly peerName: string | null;
  /** The address of the peer. */
  readonly remoteAddress: string;
  /**
   * The HTTP request by which it opened a WebSocket, with headers and cookies,
   * or `null`. Browsers send cookies whichever page asked: count on them only
   * where the transport checks the origin.
   */
  readonly request: UpgradeRequest | null;
  /**
   * Whether this side has made the connection, as a container does. Such a peer
   * sends no credentials; for a container that was spawned they are known. If
   * such a peer is refused, it can only call functions that are passed to it.
   */
  readonly isInitiator: boolean;
  /** Aborts when the time is over, or the connection is lost. */
  readonly signal: AbortSignal;
}

/**
 * Returns the identity of a peer, or a promise of it: the `identity` of the
 * peer's calls. The `credentials` are those that the peer has sent, or
 * `undefined`, as for peers without denomas's extensions. To refuse the peer,
 * throw an `AuthenticationError`; the peer receives its message. Any other error
 * is reported to `onError`, and the peer does not learn it: it is told to try
 * again later, by a `ServerBusyError`.
 *
 * This runs once for each connection, before all other code of yours: methods,
 * middleware, deserializers and `onConnect`. Credentials are plain data that
 * anybody may send: check their types.
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
 *
 * @typeParam Identity The type of the identity.
 */
export type Authenticate<Identity = unknown> = (
  credentials: unknown,
  peer: UnknownPeer,
) => Identity | Promise<Identity>;

/** Options of a side that authenticates its peers. */
export interface AuthenticateOptions<Identity = unknown> {
  /**
   * Authenticates a peer before any of its requests is served.
   *
   * @default {every peer is admitted}
   */
  readonly authenticate?: Authenticate<Identity> | undefined;
  /**
   * The time for a peer to send its credentials and for `authenticate` to check
   * them, in milliseconds, from when the peer connects.
   *
   * @default {10_000}
   */
  readonly authenticateMs?: number | undefined;
}

/** Options of a side that is authenticated by its peers. */
export interface CredentialsOptions {
  /**
   * The credentials for `authenticate` of the other side: plain data, or a
   * function that returns them or a promise of them. The function is called for
   * each connection; if it fails, connecting fails with the same error. The other
   * side can read the credentials, so use TLS to be sure who that is.
   *
   * @default {none}
   */
  readonly credentials?: unknown;
}
