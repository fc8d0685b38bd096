import type { UpgradeRequest } from "../transports/upgrade_request.ts";

/** A peer that is not authenticated yet. */
export interface UnknownPeer {
  /** The name in the certificate of the peer, or `null`. */
  readonly peerName: string | null;
  /** The address of the peer. */
  readonly remoteAddress: string;
  /**
   * The HTTP request that opened the WebSocket, with headers and cookies, or
   * `null`. Browsers send cookies with requests from any page, so rely on
   * cookies only if the transport checks the origin.
   */
  readonly request: UpgradeRequest | null;
  /**
   * Whether this side opened the connection, as a container does. Then the peer
   * sends no credentials; for a container that was spawned they are known. If
   * such a peer is refused, it can only call functions that are passed to it.
   */
  readonly isInitiator: boolean;
  /** Aborts when `authenticateMs` is over or the connection is lost. */
  readonly signal: AbortSignal;
}

/**
 * Returns the identity of a peer, or a promise of it. It becomes the `identity`
 * of the peer's calls. `credentials` is the value that the peer has sent, or
 * `undefined`, as for peers without denomas's extensions. To refuse the peer,
 * throw an `AuthenticationError`; the peer receives its message. `false`,
 * `undefined` and `null` are no identities and refuse the peer, too. The last
 * two are also reported to `onError`, because a `return` may be missing. Any
 * other error is reported to `onError` and hidden from the peer, which receives
 * a `ServerBusyError` that asks it to try again later.
 *
 * This runs once for each connection, before your methods, middleware,
 * deserializers and `onConnect`. Credentials are plain data from an untrusted
 * peer: check their types.
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
) => NonNullable<Identity> | Promise<NonNullable<Identity>>;

/** Options of a side that authenticates its peers. */
export interface AuthenticateOptions<Identity = unknown> {
  /**
   * Authenticates a peer before any of its requests is served.
   *
   * @default {every peer is admitted}
   */
  readonly authenticate?: Authenticate<Identity> | undefined;
  /**
   * The time limit, in milliseconds, for a peer to send its credentials and for
   * `authenticate` to check them. It starts when the peer connects.
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
   * each connection; if it fails, connecting fails with the same error. The
   * other side can read the credentials, so use TLS to verify its identity.
   *
   * @default {none}
   */
  readonly credentials?: unknown;
}
