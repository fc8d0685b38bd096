/**
 * What is used of the npm package `@peculiar/x509`, which makes certificates.
 * It is described here, and named in variables, so that neither running nor
 * checking a test that has no TLS fetches it.
 */
export interface X509 {
  readonly X509CertificateGenerator: {
    create(options: CertificatePlan): Promise<Certificate>;
  };
  readonly BasicConstraintsExtension: new (
    isAuthority: boolean,
    pathLength: number | undefined,
    isCritical: boolean,
  ) => Extension;
  readonly SubjectAlternativeNameExtension: new (
    names: readonly { readonly type: string; readonly value: string }[],
  ) => Extension;
}

/** An extension of a certificate. */
export type Extension = object;

/** A certificate as the package has it. */
export interface Certificate {
  toString(format: "pem"): string;
}

/** What a certificate is to be. */
export interface CertificatePlan {
  readonly serialNumber: string;
  readonly subject: readonly Readonly<Record<string, readonly string[]>>[];
  readonly issuer: readonly Readonly<Record<string, readonly string[]>>[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly signingAlgorithm: EcdsaParams;
  readonly publicKey: CryptoKey;
  readonly signingKey: CryptoKey;
  readonly extensions: readonly Extension[];
}

const METADATA = "npm:reflect-metadata@0.2.2";
const PACKAGE = "npm:@peculiar/x509@2.2.0";

/** Loads it. */
export async function loadX509(): Promise<X509> {
  // The package wants it to be there first.
  await import(METADATA);
  return await import(PACKAGE);
}
