import { formatAddress, parseAddress } from "../../transports/address.ts";
import { isWildcard, publicAddress } from "../address.ts";
import { SpawnError } from "../errors.ts";

/** The addresses of a container to be spawned. */
export interface SpawnAddress {
  /** The address where it listens, with its port. */
  readonly listens: string;
  /** Its address for others. */
  readonly address: string;
  /** The host in that, if it is not the one it listens at. */
  readonly publicHost: string | null;
  /** Whether its port was chosen here, and may be taken by now. */
  readonly hasChosenPort: boolean;
}

/**
 * Decides where a container listens that is to be spawned at `address`. A free
 * port is chosen here: the report of a spawned container could hold anything,
 * and its parent connects to that address.
 *
 * @throws {TypeError} If it is an address in memory, or the name of the machine
 * is needed and may not be read.
 * @throws {SpawnError} If no port is free at that host.
 */
export function chooseAddress(address: string): SpawnAddress {
  const parsed = parseAddress(address);
  const fixed = { listens: address, address, publicHost: null };
  if ("path" in parsed) return { ...fixed, hasChosenPort: false };
  if (parsed.scheme !== "tcp" || !("host" in parsed)) {
    throw new TypeError(
      `Cannot spawn a container at '${address}': memory is not shared, use 'tcp://127.0.0.1:0' or 'ipc://[/path/to/socket]'`,
    );
  }
  const { host } = parsed;
  const hasChosenPort = parsed.port === 0;
  const port = hasChosenPort ? freePort(address, host) : parsed.port;
  const listens = formatAddress({ scheme: "tcp", host, port });
  if (!isWildcard(host)) {
    return { ...fixed, listens, address: listens, hasChosenPort };
  }
  const shown = publicAddress(listens);
  const publicHost = new URL(shown).hostname;
  return { listens, address: shown, publicHost, hasChosenPort };
}

function freePort(address: string, hostname: string): number {
  try {
    using listener = Deno.listen({ hostname, port: 0 });
    return listener.addr.port;
  } catch (cause) {
    throw new SpawnError(
      `Cannot spawn a container at '${address}': no port is free there`,
      { cause },
    );
  }
}
