import type { TlsOptions } from "./options.ts";

/**
 * Checks what can be checked without reading files.
 *
 * @throws {TypeError} If options do not fit together.
 */
export function checkTlsOptions(options: TlsOptions): void {
  const { cert, key, clientCerts, minVersion } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError(
      `Cannot use TLS: there is '${
        key === undefined ? "cert" : "key"
      }' without '${key === undefined ? "key" : "cert"}', give both or none`,
    );
  }
  checkChoice("clientCerts", clientCerts, ["require", "none"]);
  checkChoice("minVersion", minVersion, ["TLSv1.2", "TLSv1.3"]);
}

/**
 * Whether a server with these options demands a certificate of its clients.
 *
 * @throws {TypeError} If it does, and cannot tell which it may trust.
 */
export function demandsClientCerts(
  { clientCerts, caCerts }: TlsOptions,
): boolean {
  const hasAuthorities = caCerts !== undefined;
  if (clientCerts === "require" && !hasAuthorities) {
    throw new TypeError(
      "Cannot ask clients for certificates: there are no 'caCerts' to check them by, give some or set 'clientCerts' to 'none'",
    );
  }
  return clientCerts === undefined ? hasAuthorities : clientCerts === "require";
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
