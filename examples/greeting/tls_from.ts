import type { TlsOptions } from "@denomas/denomas/transports";

/**
 * Returns the option `tls` from `--cert=…`, `--key=…` and `--ca=…`, each a file
 * or PEM text; `undefined` if none of them is given.
 */
export function tlsFrom(args: readonly string[]): TlsOptions | undefined {
  const [cert, key, caCerts] = ["cert", "key", "ca"].map((name) =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
  );
  if ((cert ?? key ?? caCerts) === undefined) return undefined;
  return { cert, key, caCerts };
}
