/**
 * PEM text, which holds `-----BEGIN`, or the path or URL of a file with PEM
 * text. Files need `--allow-read`.
 */
export type PemSource = string | URL;

/**
 * The encryption of connections to `tcp://` addresses, and the identities of
 * both sides. A container uses one object for both directions.
 *
 * Files are read when a server starts, at `renewCertificate`, and at each
 * attempt to connect. So a client uses a renewed certificate.
 */
export interface TlsOptions {
  /**
   * The certificate of this side, followed by the intermediate certificates.
   * Required for a server, and for a client whose server demands a certificate.
   *
   * @default {none}
   */
  readonly cert?: PemSource | undefined;
  /**
   * The unencrypted private key of `cert`.
   *
   * @default {none}
   */
  readonly key?: PemSource | undefined;
  /**
   * The only authorities that may have issued the certificate of the other
   * side. One source may hold several.
   *
   * @default {for a client, those that Deno trusts; for a server, none}
   */
  readonly caCerts?: PemSource | readonly PemSource[] | undefined;
  /**
   * Whether a server demands a certificate from each client, issued by one of
   * `caCerts`. A client ignores this.
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
   * The oldest version of TLS to accept.
   *
   * @default {"TLSv1.2"}
   */
  readonly minVersion?: "TLSv1.2" | "TLSv1.3" | undefined;
}
