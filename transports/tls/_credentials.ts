import type { NodeModules } from "./_node.ts";
import type { PemSource, TlsOptions } from "./options.ts";

/** What TLS is spoken with; `undefined` is what was not given. */
export interface TlsCredentials {
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly ca: readonly string[] | undefined;
}

/** What begins every block of PEM. */
const BEGIN = "-----BEGIN";

const CERTIFICATE =
  /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * Reads what the options name, and checks it: Node's TLS would take anything,
 * and then fail at each connection without saying why.
 *
 * @throws {TypeError} If something is no PEM, or the key is another one's.
 * @throws {unknown} What reading a file throws.
 */
export async function readCredentials(
  options: TlsOptions,
  { crypto }: NodeModules,
): Promise<TlsCredentials> {
  const cert = await readOne("cert", options.cert);
  const key = await readOne("key", options.key);
  const ca = await readAuthorities(options.caCerts);
  if (cert !== undefined) checkCertificates("cert", cert, crypto);
  for (const one of ca ?? []) checkCertificates("caCerts", one, crypto);
  if (cert !== undefined && key !== undefined) checkKey(cert, key, crypto);
  return { cert, key, ca };
}

async function readOne(
  name: string,
  source: PemSource | undefined,
): Promise<string | undefined> {
  if (source === undefined) return undefined;
  if (typeof source === "string" && source.includes(BEGIN)) return source;
  const text = await readFile(name, source);
  if (text.includes(BEGIN)) return text;
  throw new TypeError(
    `Cannot use '${name}': the file '${source}' holds no PEM, which begins with '${BEGIN}'`,
  );
}

async function readFile(name: string, source: PemSource): Promise<string> {
  try {
    return await Deno.readTextFile(source);
  } catch (cause) {
    if (isMaybeSecret(source)) {
      throw new TypeError(
        `Cannot use '${name}': it is neither PEM text, which begins with '${BEGIN}', nor the path of a file that can be read`,
      );
    }
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new TypeError(
      `Cannot use '${name}': there is no file '${source}'; give a path, or PEM text, which begins with '${BEGIN}'`,
      { cause },
    );
  }
}

/**
 * Whether it may be a key without its first line, which neither an error of
 * this nor one of the system may show.
 */
function isMaybeSecret(source: PemSource): boolean {
  return typeof source === "string" &&
    (source.includes("\n") || /^[A-Za-z0-9+/=\s]{40,}$/.test(source));
}

async function readAuthorities(
  sources: TlsOptions["caCerts"],
): Promise<readonly string[] | undefined> {
  if (sources === undefined) return undefined;
  const list = Array.isArray(sources) ? sources : [sources];
  const texts = await Promise.all(list.map((it) => readOne("caCerts", it)));
  if (texts.length > 0) return texts.map((text) => text!);
  throw new TypeError(
    "Cannot use 'caCerts': the list is empty, so that nobody could be trusted; name an authority, or leave it out",
  );
}

function checkCertificates(
  name: string,
  text: string,
  { X509Certificate }: NodeModules["crypto"],
): void {
  const blocks = text.match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    throw new TypeError(
      `Cannot use '${name}': it holds no certificate, which begins with '${BEGIN} CERTIFICATE-----'`,
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
  let isOwn: boolean;
  try {
    isOwn = new X509Certificate(cert).checkPrivateKey(createPrivateKey(key));
  } catch (cause) {
    throw new TypeError(
      "Cannot use 'key': it is no private key, or an encrypted one",
      { cause },
    );
  }
  if (isOwn) return;
  throw new TypeError(
    "Cannot use 'key': it is not the key of the certificate in 'cert'",
  );
}
