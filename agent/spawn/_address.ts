import { formatAddress, parseAddress } from "../../transports/address.ts";
import { publicAddress } from "../address.ts";
import { isWildcard } from "../_wildcard.ts";

/** Where a spawned container is to listen, decided before it starts. */
export interface SpawnAddress {
  /** Where it listens, with its port. */
  readonly listens: string;
  /** Its address for others. */
  readonly address: string;
  /** The host in that, where it is not the one it listens at. */
  readonly publicHost: string | null;
  /** Whether its port was chosen here, and may be taken by now. */
  readonly hasChosenPort: boolean;
}

/**
 * Decides where a container listens that is to be spawned at `address`. A free
 * port is chosen here: what a spawned container reports could be anything, and
 * its parent connects to that address.
 *
 * @throws {TypeError} If the machine's name is needed and may not be asked.
 * @throws {Error} The system's error, if there is no such host here.
 */
export function chooseAddress(address: string): SpawnAddress {
  const parsed = parseAddress(address);
  const hasChosenPort = parsed.scheme === "tcp" && parsed.port === 0;
  const listens = hasChosenPort
    ? formatAddress({ ...parsed, port: freePort(parsed.host) })
    : address;
  const shown = publicAddress(listens);
  const isHidden = parsed.scheme === "tcp" && isWildcard(parsed.host);
  const host = parseAddress(shown);
  return {
    listens,
    address: shown,
    publicHost: isHidden && host.scheme === "tcp" ? host.host : null,
    hasChosenPort,
  };
}

function freePort(hostname: string): number {
  using listener = Deno.listen({ hostname, port: 0 });
  return listener.addr.port;
}
