import { ipv6Groups } from "../../transports/hosts.ts";
import {
  type Der,
  der,
  integer,
  objectId,
  sequence,
  TAG,
  time,
  TRUE,
} from "./_der.ts";

/** 2.5.4.3 */
const COMMON_NAME = objectId("550403");
/** 2.5.29.17 */
const ALTERNATIVE_NAMES = objectId("551d11");
/** 2.5.29.19 */
const BASIC_CONSTRAINTS = objectId("551d13");
/** ECDSA with SHA-256, 1.2.840.10045.4.3.2 */
const SIGNATURE_ALGORITHM = sequence(objectId("2a8648ce3d040302"));
/** Version 3 is written as 2. */
const VERSION = der(TAG.wrappedField, integer(new Uint8Array([2])));

/** The algorithm of all keys. */
export const KEY_ALGORITHM = { name: "ECDSA", namedCurve: "P-256" };

/** The contents of a certificate. */
export interface CertificatePlan {
  /** The common name of the subject; `null` for a subject without names. */
  readonly subject: string | null;
  /** The common name of the issuer. */
  readonly issuer: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKey: CryptoKey;
  /** The private key of the issuer. */
  readonly signingKey: CryptoKey;
  /**
   * The result of {@linkcode authorityExtension} or {@linkcode hostsExtension};
   * `null` for a version 1 certificate, which cannot have extensions.
   */
  readonly extension: Der | null;
}

/** Makes and signs a certificate (RFC 5280); returns it as PEM text. */
export async function makeCertificate(plan: CertificatePlan): Promise<string> {
  const { subtle } = crypto;
  const { extension } = plan;
  const content = sequence(
    ...(extension === null ? [] : [VERSION]),
    integer(crypto.getRandomValues(new Uint8Array(16))),
    SIGNATURE_ALGORITHM,
    distinguishedName(plan.issuer),
    sequence(time(plan.notBefore), time(plan.notAfter)),
    distinguishedName(plan.subject),
    new Uint8Array(await subtle.exportKey("spki", plan.publicKey)),
    ...(extension === null
      ? []
      : [der(TAG.wrappedField + 3, sequence(extension))]),
  );
  const signing = { ...KEY_ALGORITHM, hash: "SHA-256" };
  // WebCrypto returns the two halves of the signature concatenated.
  const halves = await subtle.sign(signing, plan.signingKey, content);
  const signature = sequence(
    integer(new Uint8Array(halves, 0, 32)),
    integer(new Uint8Array(halves, 32)),
  );
  const signed = sequence(
    content,
    SIGNATURE_ALGORITHM,
    // The first byte counts the unused bits of the last one.
    der(TAG.bitString, new Uint8Array(1), signature),
  );
  return pem("CERTIFICATE", signed);
}

/** Allows a certificate to issue others. */
export function authorityExtension(): Der {
  const value = sequence(TRUE);
  return sequence(BASIC_CONSTRAINTS, TRUE, der(TAG.octetString, value));
}

/** Names the hosts that a certificate is valid for. */
export function hostsExtension(hosts: readonly string[]): Der {
  const value = sequence(...hosts.map(hostName));
  return sequence(ALTERNATIVE_NAMES, der(TAG.octetString, value));
}

/** Writes bytes as PEM text, 64 characters a line. */
export function pem(label: string, bytes: Uint8Array): string {
  const lines = bytes.toBase64().match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN ${label}-----\n${lines}\n-----END ${label}-----\n`;
}

function distinguishedName(commonName: string | null): Der {
  if (commonName === null) return sequence();
  const text = der(TAG.utf8String, new TextEncoder().encode(commonName));
  return sequence(der(TAG.set, sequence(COMMON_NAME, text)));
}

/** An IP address is encoded as its bytes, any other name as its text. */
function hostName(host: string): Der {
  if (/^\d+(\.\d+){3}$/.test(host)) {
    return der(TAG.field + 7, Uint8Array.from(host.split("."), Number));
  }
  if (host.includes(":")) {
    const groups = ipv6Groups(host).map((group) => group.padStart(4, "0"));
    return der(TAG.field + 7, Uint8Array.fromHex(groups.join("")));
  }
  return der(TAG.field + 2, new TextEncoder().encode(host));
}
