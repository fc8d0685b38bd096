import { checkTlsOptions } from "./_checks.ts";
import { readCredentials } from "./_credentials.ts";
import { loadNodeModules } from "./_node.ts";
import type { TlsOptions } from "./options.ts";

/**
 * The same options with PEM text in the place of files, for whoever may not
 * read those.
 *
 * @throws {TypeError} If they cannot be used.
 */
export async function tlsAsText(options: TlsOptions): Promise<TlsOptions> {
  checkTlsOptions(options);
  const { cert, key, ca } = await readCredentials(
    options,
    await loadNodeModules(),
  );
  return { ...options, cert, key, caCerts: ca };
}
