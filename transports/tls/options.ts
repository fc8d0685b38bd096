/**
 * PEM text if it holds `-----BEGIN`, and else the path of a file with it,
 * which takes `--allow-read`; a `URL` is always a file.
 */
export type PemSource = string | URL;

/**
 * How connections to `tcp://` addresses are encrypted, and who each side is.
 * One object serves both directions, as a container needs it.
 *
 * Files are read when a server starts and at each attempt to connect, so that
 * a client takes up a renewed certificate by itself.
 */
export interface TlsOptions {
  /**
   * This side's certificate, with those between it and its authority after it.
   * A server must have one; a client only where the server asks for it.
   *
   * @default {none}
   */
  readonly cert?: PemSource | undefined;
  /**
   * The private key of `cert`, not encrypted.
   *
   * @default {none}
   */
  readonly key?: PemSource | undefined;
  /**
   * The authorities, and no others, that may have issued the certificate of
   * the other side; one source may hold several.
   *
   * @default {for a client, those that Deno trusts; for a server, none}
   */
  readonly caCerts?: PemSource | readonly PemSource[] | undefined;
  /**
   * Whether a server demands a certificate of each client, by `caCerts`. It is
   * of no concern to a client.
   *
   * @default {for a server, "require" if it has `caCerts` and "none"
   * otherwise; for a container, "require"}
   */
  readonly clientCerts?: "require" | "none" | undefined;
  /**
   * The name that the server's certificate must hold.
   *
   * @default {the host of the address}
   */
  readonly serverName?: string | undefined;
  /**
   * The oldest version of TLS to speak.
   *
   * @default {"TLSv1.2"}
   */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
}
