import { type CertificatePlan, type Extension, loadX509 } from "./_x509.ts";

/** A certificate and its key, as PEM text: what the option `tls` takes. */
export interface TestCertificate {
  /** The certificate. */
  readonly cert: string;
  /** Its private key. */
  readonly key: string;
}

/** What a certificate of a {@linkcode TestAuthority} is to be. */
export interface TestCertificateOptions {
  /**
   * The common name of its subject, which `peer` tells the other side; `null`
   * for none.
   *
   * @default {"test"}
   */
  readonly name?: string | null | undefined;
  /**
   * The hosts that it is for: names, or addresses of IP.
   *
   * @default {["localhost", "127.0.0.1", "::1"]}
   */
  readonly hosts?: readonly string[] | undefined;
  /**
   * When it begins to be valid.
   *
   * @default {a day ago}
   */
  readonly validFrom?: Date | undefined;
  /**
   * When it expires.
   *
   * @default {in a day}
   */
  readonly validTo?: Date | undefined;
}

/**
 * An authority that issues throw-away certificates, good and bad, for tests of
 * TLS. Made by {@linkcode createTestAuthority}.
 */
export interface TestAuthority {
  /** Its own certificate, as PEM text: what `caCerts` takes. */
  readonly caCert: string;
  /** Makes a key and issues a certificate for it. */
  issue(options?: TestCertificateOptions): Promise<TestCertificate>;
}

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 24 * 60 * 60 * 1000;
const HOSTS = ["localhost", "127.0.0.1", "::1"];

type Name = CertificatePlan["subject"];

/**
 * Makes an authority, of which nobody knows unless its `caCert` is given to
 * them. The first call loads the npm package `@peculiar/x509`.
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
  const name: Name = [{ CN: [`Test authority ${crypto.randomUUID()}`] }];
  const { BasicConstraintsExtension } = await loadX509();
  const caCert = await makeCertificate({
    subject: name,
    issuer: name,
    publicKey: keys.publicKey,
    signingKey: keys.privateKey,
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });
  return {
    caCert,
    issue: (options = {}) => issue(name, keys.privateKey, options),
  };
}

async function issue(
  issuer: Name,
  signingKey: CryptoKey,
  { name = "test", hosts = HOSTS, validFrom, validTo }: TestCertificateOptions,
): Promise<TestCertificate> {
  const x509 = await loadX509();
  const { publicKey, privateKey } = await makeKeys();
  const names = hosts.map((value) => ({ type: hostType(value), value }));
  const cert = await makeCertificate(
    {
      subject: name === null ? [] : [{ CN: [name] }],
      issuer,
      publicKey,
      signingKey,
      extensions: [new x509.SubjectAlternativeNameExtension(names)],
    },
    validFrom,
    validTo,
  );
  return { cert, key: await keyText(privateKey) };
}

async function makeCertificate(
  plan:
    & Pick<
      CertificatePlan,
      "subject" | "issuer" | "publicKey" | "signingKey"
    >
    & { readonly extensions: readonly Extension[] },
  notBefore: Date = new Date(Date.now() - DAY_MS),
  notAfter: Date = new Date(Date.now() + DAY_MS),
): Promise<string> {
  const { X509CertificateGenerator } = await loadX509();
  const certificate = await X509CertificateGenerator.create({
    ...plan,
    // A first digit from 1 to 7: DER has one way only to write a number.
    serialNumber: `4${crypto.randomUUID().replaceAll("-", "").slice(1)}`,
    notBefore,
    notAfter,
    signingAlgorithm: ALGORITHM,
  });
  return certificate.toString("pem");
}

async function makeKeys(): Promise<CryptoKeyPair> {
  return await crypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);
}

async function keyText(key: CryptoKey): Promise<string> {
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", key));
  const lines = der.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`;
}

function hostType(host: string): "dns" | "ip" {
  return host.includes(":") || /^\d+(\.\d+){3}$/.test(host) ? "ip" : "dns";
}
