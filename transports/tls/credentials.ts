import type { PemSource, TlsOptions } from "./options.ts";

/**
 * The modules of Node that TLS needs. They are loaded at the first use of TLS,
 * so that other programs do not load them.
 */
export interface NodeModules {
  /** The module `node:tls`. */
  readonly tls: typeof import("node:tls");
  /** The class of `node:stream`. */
  readonly Duplex: typeof import("node:stream").Duplex;
  /** The module `node:crypto`. */
  readonly crypto: typeof import("node:crypto");
}

/** The material for handshakes, read from the options. */
export interface TlsCredentials {
  /** The certificate chain of this side, as PEM. */
  readonly cert: string | undefined;
  /** The private key of this side, as PEM. */
  readonly key: string | undefined;
  /** The trusted authorities, as PEM. Without any, those of the system. */
  readonly ca: string[] | undefined;
  /** The oldest version of TLS to accept. */
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  /** Whether a server demands a certificate of each client. */
  readonly demandsCert: boolean;
  /** The modules of Node. */
  readonly node: NodeModules;
}

const BEGIN = "-----BEGIN";

const CERTIFICATE =
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Checks the options, apart from the files that they name.
 *
 * @throws {TypeError} If options do not fit together.
 */
export function checkTlsOptions(options: TlsOptions): void {
  const { cert, key, clientCerts, minVersion } = options;
  if ((cert === undefined) !== (key === undefined)) {
    const [given, missing] = key === undefined
      ? ["cert", "key"]
      : ["key", "cert"];
    throw new TypeError(
      `Cannot use TLS: there is '${given}' without '${missing}', give both or none`,
    );
  }
  checkChoice("clientCerts", clientCerts, ["require", "none"]);
  checkChoice("minVersion", minVersion, ["TLSv1.2", "TLSv1.3"]);
}

function checkChoice(
  name: string,
  value: string | undefined,
  choices: readonly string[],
): void {
  if (value === undefined || choices.includes(value)) return;
  throw new TypeError(
    `Cannot use TLS: '${name}' is '${value}', it must be '${
      choices.join("' or '")
    }'`,
  );
}

/**
 * Loads Node's TLS and reads the files that the options name. Checks all of
 * them: Node would accept anything, and then fail at each connection without a
 * reason.
 *
 * @throws {TypeError} If a source is not PEM, or `key` does not fit `cert`.
 * @throws {unknown} The error of a file that cannot be read.
 */
export async function readCredentials(
  options: TlsOptions,
): Promise<TlsCredentials> {
  const [tls, { Duplex }, crypto] = await Promise.all([
    import("node:tls"),
    import("node:stream"),
    import("node:crypto"),
  ]);
  const [cert] = await readPem("cert", options.cert) ?? [];
  const [key] = await readPem("key", options.key) ?? [];
  const ca = await readPem("caCerts", options.caCerts);
  if (ca?.length === 0) {
    throw new TypeError(
      "Cannot use 'caCerts': the list is empty, so no peer could be trusted, name an authority or leave it out",
    );
  }
  if (cert !== undefined) checkCertificates("cert", cert, crypto);
  for (const one of ca ?? []) checkCertificates("caCerts", one, crypto);
  if (cert !== undefined && key !== undefined) checkKey(cert, key, crypto);
  const { minVersion = "TLSv1.2", clientCerts } = options;
  const demandsCert = clientCerts === undefined
    ? ca !== undefined
    : clientCerts === "require";
  const node = { tls, Duplex, crypto };
  return { cert, key, ca, minVersion, demandsCert, node };
}

/**
 * Returns whether any of the options is a file, which may be replaced at any
 * time.
 */
export function usesFiles({ cert, key, caCerts = [] }: TlsOptions): boolean {
  return [cert, key, caCerts].flat().some((source) =>
    source !== undefined && !isText(source)
  );
}

/**
 * Returns the same options with PEM text instead of files, for a process that
 * may not read the files.
 *
 * @throws {TypeError} If the options cannot be used.
 */
export async function tlsAsText(options: TlsOptions): Promise<TlsOptions> {
  checkTlsOptions(options);
  const { cert, key, ca } = await readCredentials(options);
  return { ...options, cert, key, caCerts: ca };
}

/** Returns the PEM texts of an option, whose sources are texts or files. */
async function readPem(
  name: string,
  option: PemSource | readonly PemSource[] | undefined,
): Promise<string[] | undefined> {
  if (option === undefined) return undefined;
  const sources = Array.isArray(option) ? option : [option];
  return await Promise.all(sources.map((source) => readOne(name, source)));
}

async function readOne(name: string, source: PemSource): Promise<string> {
  if (isText(source)) return source;
  let text: string;
  try {
    text = await Deno.readTextFile(source);
  } catch (cause) {
    if (mayBeSecret(source)) {
      throw new TypeError(
        `Cannot use '${name}': it is neither PEM text, which starts with '${BEGIN}', nor the path of a readable file`,
      );
    }
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new TypeError(
      `Cannot use '${name}': there is no file '${source}', give a path, or PEM text, which starts with '${BEGIN}'`,
      { cause },
    );
  }
  if (text.includes(BEGIN)) return text;
  throw new TypeError(
    `Cannot use '${name}': the file '${source}' holds no PEM, which starts with '${BEGIN}'`,
  );
}

function isText(source: PemSource): source is string {
  return typeof source === "string" && source.includes(BEGIN);
}

/**
 * Returns whether `source` could be a key without its first line. No error may
 * show such a text.
 */
function mayBeSecret(source: PemSource): boolean {
  return typeof source === "string" &&
    (source.includes("\n") || /^[A-Za-z0-9+/=\s]{40,}$/.test(source));
}

function checkCertificates(
  name: string,
  text: string,
  { X509Certificate }: NodeModules["crypto"],
): void {
  const blocks = text.match(CERTIFICATE) ?? [];
  // A file that is being written may end within its last certificate.
  const begun = text.split(`${BEGIN} CERTIFICATE-----`).length - 1;
  if (begun > blocks.length) {
    throw new TypeError(
      `Cannot use '${name}': it ends within a certificate, write the whole file`,
    );
  }
  if (blocks.length === 0) {
    throw new TypeError(
      `Cannot use '${name}': it holds no certificate, which starts with '${BEGIN} CERTIFICATE-----'`,
    );
  }
  for (const block of blocks) {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw new TypeError(
        `Cannot use '${name}': it holds a certificate that cannot be read`,
        { cause },
      );
    }
  }
}

function checkKey(
  cert: string,
  key: string,
  { X509Certificate, createPrivateKey }: NodeModules["crypto"],
): void {
  let fits: boolean;
  try {
    fits = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new TypeError(
      "Cannot use 'key': it is not a private key, or it is encrypted",
      { cause },
    );
  }
  if (fits) return;
  throw new TypeError(
    "Cannot use 'key': it does not belong to the certificate in 'cert'",
  );
}
