import type { TlsOptions } from "@denomas/denomas/transports";

/**
 * The option `tls` that `--cert=…`, `--key=…` and `--ca=…` tell, each a file or
 * PEM text; `undefined` where there is none of them.
 */
export function tlsFrom(args: readonly string[]): TlsOptions | undefined {
  const [cert, key, caCerts] = ["cert", "key", "ca"].map((name) =>
    args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3)
  );
  if ((cert ?? key ?? caCerts) === undefined) return undefined;
  return { cert, key, caCerts };
}
