import type { ChannelOptions } from "../../channel/options.ts";
import { schemeOf } from "../../transports/address.ts";
import { tcp } from "../../transports/tcp.ts";

/**
 * A container's options for one address: TLS is for TCP, and what stays on the
 * machine goes without.
 */
export function tlsFor(
  address: string,
  { tls }: Pick<ChannelOptions, "tls">,
): Pick<ChannelOptions, "tls"> {
  return { tls: schemeOf(address) === tcp.scheme ? tls : undefined };
}
