import { schemeOf } from "./address.ts";
import { memory } from "./memory.ts";
import { tcp } from "./tcp.ts";
import type { TlsOptions } from "./tls/options.ts";
import type { Transport } from "./transport.ts";
import { unix } from "./unix.ts";

/** The options by which users choose transports. */
export interface TransportsOptions {
  /** The transports to choose from; they replace the default ones. */
  readonly transports?: readonly Transport[] | undefined;
  /** Settings for TLS over TCP. */
  readonly tls?: TlsOptions | undefined;
  /** The file mode of Unix sockets. */
  readonly mode?: number | undefined;
  /** The name of the temporary folder for creating a Unix socket. */
  readonly temporaryName?: string | undefined;
}

/** The transports without any options; they keep no state. */
const PLAIN: readonly Transport[] = [tcp(), unix(), memory()];

/**
 * Returns the transports of `options`, or TCP, Unix sockets and memory.
 *
 * @throws {TypeError} If `tls` cannot be used, or `transports` is set as well.
 */
export function defaultTransports(
  { transports, tls, mode, temporaryName }: TransportsOptions = {},
): readonly Transport[] {
  if (transports === undefined) {
    const isPlain = tls === undefined && mode === undefined &&
      temporaryName === undefined;
    return isPlain
      ? PLAIN
      : [tcp({ tls }), unix({ mode, temporaryName }), memory()];
  }
  if (tls === undefined) return transports;
  throw new TypeError(
    "Cannot use both 'tls' and 'transports': give it to the transport, as in 'transports: [tcp({ tls })]'",
  );
}

/**
 * Returns the same options with `transports` filled in. Refuses `tls` where it
 * has no effect, so that nothing meant to be encrypted is sent in the clear.
 *
 * @throws {TypeError} If `tls` cannot be used at `address`.
 */
export function withTransports<T extends TransportsOptions>(
  address: string,
  options: T,
): T {
  const { tls } = options;
  if (tls !== undefined && schemeOf(address) !== "tcp") {
    throw new TypeError(
      `Cannot use address '${address}' with TLS: it is for 'tcp://host:port', leave out 'tls' or change the address`,
    );
  }
  const transports = defaultTransports(options);
  return { ...options, tls: undefined, mode: undefined, transports };
}
