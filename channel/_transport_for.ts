import { schemeOf } from "../transports/address.ts";
import { memory } from "../transports/memory.ts";
import { tcp } from "../transports/tcp.ts";
import type { Transport } from "../transports/transport.ts";
import { unix } from "../transports/unix.ts";

/** The transport for `address`: `own` if given, else a built-in one. */
export function transportFor(
  address: string,
  own: Transport | undefined,
): Transport {
  if (own !== undefined) return own;
  const scheme = schemeOf(address);
  for (const transport of [tcp, unix, memory]) {
    if (transport.scheme === scheme) return transport;
  }
  throw new TypeError(
    `Cannot use address '${address}': no transport for '${scheme}', use 'tcp', 'ipc' or 'local', or give the option 'transport'`,
  );
}
