import { isAbsolute } from "./_path.ts";

/** A parsed address of one of the three built-in transports. */
export type Address =
  | { readonly scheme: "tcp"; readonly host: string; readonly port: number }
  | { readonly scheme: "ipc"; readonly path: string }
  | { readonly scheme: "local"; readonly name: string };

/** A host without colons, or an IPv6 host in brackets; then the port. */
const TCP =
  /^(?:\[([\da-fA-F]*:[\da-fA-F:.]*(?:%[\w.-]+)?)\]|([^\s:/[\]]+)):(0|[1-9]\d{0,4})$/;

const FORMS =
  "'tcp://host:port', 'ipc://[/path/to/socket]' or 'local://name'" as const;

/**
 * Parses `tcp://host:port`, `ipc://[/path/to/socket]` or `local://name`, the
 * forms that aiomas uses. Hosts and paths are taken as they are, and what
 * {@linkcode formatAddress} makes of the result is `text` again.
 *
 * @throws {TypeError} If `text` has none of the three forms.
 */
export function parseAddress(text: string): Address {
  const scheme = schemeOf(text);
  const rest = text.slice(scheme.length + 3);
  switch (scheme) {
    case "tcp":
      return parseTcp(text, rest);
    case "ipc":
      return parseIpc(text, rest);
    case "local":
      if (!/^[^\s/]+$/.test(rest)) {
        throw new TypeError(
          `Cannot parse address '${text}': a local name has no spaces and no '/', as in 'local://name'`,
        );
      }
      return { scheme, name: rest };
    default:
      throw new TypeError(
        `Cannot parse address '${text}': unknown scheme '${scheme}', use ${FORMS}`,
      );
  }
}

/**
 * The part of an address before `://`.
 *
 * @throws {TypeError} If there is none.
 */
export function schemeOf(text: string): string {
  const match = /^([a-z][a-z0-9+.-]*):\/\//.exec(text);
  if (match === null) {
    throw new TypeError(`Cannot parse address '${text}': use ${FORMS}`);
  }
  return match[1]!;
}

/** Writes an address in its one spelling. */
export function formatAddress(address: Address): string {
  switch (address.scheme) {
    case "tcp": {
      const { host, port } = address;
      return `tcp://${host.includes(":") ? `[${host}]` : host}:${port}`;
    }
    case "ipc":
      return `ipc://[${address.path}]`;
    case "local":
      return `local://${address.name}`;
  }
}

function parseTcp(text: string, rest: string): Address {
  const match = TCP.exec(rest);
  const port = Number(match?.[3]);
  if (match === null || port > 65535) {
    throw new TypeError(
      `Cannot parse address '${text}': use 'tcp://host:port' with a port from 0 to 65535, and brackets around an IPv6 host`,
    );
  }
  return { scheme: "tcp", host: match[1] ?? match[2]!, port };
}

function parseIpc(text: string, rest: string): Address {
  const match = /^\[([^\0]+)\]$/.exec(rest);
  if (match === null || !isAbsolute(match[1]!)) {
    throw new TypeError(
      `Cannot parse address '${text}': use 'ipc://[/path/to/socket]' with an absolute path`,
    );
  }
  return { scheme: "ipc", path: match[1]! };
}
