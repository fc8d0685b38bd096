import { schemeOf } from "../transports/address.ts";
import { memory } from "../transports/memory.ts";
import { tcp } from "../transports/tcp.ts";
import { tls } from "../transports/tls/tls.ts";
import type { TlsOptions } from "../transports/tls/options.ts";
import type { Transport } from "../transports/transport.ts";
import { unix } from "../transports/unix.ts";

/**
 * The transport for `address`: one's own if given, else a built-in one.
 *
 * @throws {TypeError} If there is none, or none with TLS.
 */
export function transportFor(
  address: string,
  own: Transport | undefined,
  secured?: TlsOptions,
): Transport {
  if (secured !== undefined) return securedTransport(address, own, secured);
  if (own !== undefined) return own;
  const scheme = schemeOf(address);
  for (const transport of [tcp, unix, memory]) {
    if (transport.scheme === scheme) return transport;
  }
  throw new TypeError(
    `Cannot use address '${address}': no transport for '${scheme}', use 'tcp', 'ipc' or 'local', or give the option 'transport'`,
  );
}

/** Nothing that was asked to be encrypted may go unencrypted. */
function securedTransport(
  address: string,
  own: Transport | undefined,
  options: TlsOptions,
): Transport {
  if (own !== undefined) {
    throw new TypeError(
      `Cannot use address '${address}' with both 'tls' and 'transport': leave one out, or make the transport of 'tls()'`,
    );
  }
  const scheme = schemeOf(address);
  if (scheme === tcp.scheme) return tls(options);
  throw new TypeError(
    `Cannot use address '${address}' with TLS: it is for 'tcp://host:port', leave out 'tls' or change the address`,
  );
}
