import {
  authorityExtension,
  hostsExtension,
  KEY_ALGORITHM,
  makeCertificate,
  pem,
} from "./_x509.ts";

/** A certificate and its key as PEM text, for the option `tls`. */
export interface TestCertificate {
  /** The certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** Options for {@linkcode TestAuthority.issue}. */
export interface TestCertificateOptions {
  /**
   * The common name of the certificate's subject, which the peer reads as
   * `peer`; `null` for none.
   *
   * @default {"test"}
   */
  readonly name?: string | null | undefined;
  /**
   * The host names and IP addresses that the certificate is valid for. If the
   * list is empty, the certificate has X.509 version 1, like one that openssl
   * makes without extensions.
   *
   * @default {["localhost", "127.0.0.1", "::1"]}
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * The start of the certificate's validity.
   *
   * @default {a day ago}
   */
  readonly validFrom?: Date | undefined;
  /**
   * The end of the certificate's validity.
   *
   * @default {in a day}
   */
  readonly validTo?: Date | undefined;
}

/**
 * A certificate authority for tests of TLS, which issues valid and invalid
 * throw-away certificates. Made by {@linkcode createTestAuthority}.
 */
export interface TestAuthority {
  /** The authority's own certificate as PEM text, for the option `caCerts`. */
  readonly caCert: string;
  /** Makes a new key and issues a certificate for it. */
  issue(options?: TestCertificateOptions): Promise<TestCertificate>;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const HOSTS = ["localhost", "127.0.0.1", "::1"];

/**
 * Creates a certificate authority. Only peers that are given its `caCert` trust
 * it.
 *
 * ```ts
 * import { openConnection, startServer } from "@denomas/denomas/channel";
 * import { createTestAuthority } from "@denomas/denomas/testing";
 * import { ConnectError } from "@denomas/denomas/transports";
 * import { assertRejects, assertStringIncludes } from "@std/assert";
 *
 * const authority = await createTestAuthority();
 * const expired = await authority.issue({ validTo: new Date(Date.now() - 1) });
 * await using server = await startServer("tcp://127.0.0.1:0", () => {}, {
 *   tls: expired,
 *   onError: () => {},
 * });
 * const error = await assertRejects(
 *   () =>
 *     openConnection(server.address, { tls: { caCerts: authority.caCert } }),
 *   ConnectError,
 * );
 * assertStringIncludes(error.message, "has expired");
 * ```
 */
export async function createTestAuthority(): Promise<TestAuthority> {
  const keys = await makeKeys();
  const issuer = `Test authority ${crypto.randomUUID()}`;
  const caCert = await makeCertificate({
    subject: issuer,
    issuer,
    ...daysAround(),
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extension: authorityExtension(),
  });
  return {
    caCert,
    issue: (options = {}) => issue(issuer, keys.privateKey, options),
  };
}

async function issue(
  issuer: string,
  signingKey: CryptoKey,
  { name = "test", hosts = HOSTS, validFrom, validTo }: TestCertificateOptions,
): Promise<TestCertificate> {
  const { publicKey, privateKey } = await makeKeys();
  const { notBefore, notAfter } = daysAround();
  const cert = await makeCertificate({
    subject: name,
    issuer,
    notBefore: validFrom ?? notBefore,
    notAfter: validTo ?? notAfter,
    publicKey,
    signingKey,
    extension: hosts.length === 0 ? null : hostsExtension(hosts),
  });
  const key = await crypto.subtle.exportKey("pkcs8", privateKey);
  return { cert, key: pem("PRIVATE KEY", new Uint8Array(key)) };
}

/** Certificates are valid from a day ago, since clocks may differ. */
function daysAround(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  return {
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + DAY_MS),
  };
}

function makeKeys(): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey(KEY_ALGORITHM, true, ["sign", "verify"]);
}
