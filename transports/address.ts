import type { Transport } from "./transport.ts";

/**
 * The parts of an address. Any scheme may use any of these forms. Each
 * transport checks that an address has the form that it needs.
 */
export type Address =
  | { readonly scheme: string; readonly host: string; readonly port: number }
  | { readonly scheme: string; readonly path: string }
  | { readonly scheme: string; readonly name: string };

/** A host without colons, or an IPv6 host in brackets, followed by the port. */
const HOST_AND_PORT =
  /^(?:\[([\da-fA-F]*:[\da-fA-F:.]*(?:%[\w.-]+)?)\]|([^\s:/[\]]+)):(0|[1-9]\d{0,4})$/;

const MAX_PORT = 65_535;

/** A name may include a port and a path. */
const NAME = /^[^\s/[\]][^\s[\]]*$/;

/**
 * Parses `scheme://host:port`, `scheme://[/path]` or `scheme://name`. Hosts and
 * paths stay unchanged, so that {@linkcode formatAddress} returns `text` again.
 *
 * @throws {TypeError} If `text` has none of these forms.
 */
export function parseAddress(text: string): Address {
  const scheme = schemeOf(text);
  const rest = text.slice(scheme.length + 3);
  const match = HOST_AND_PORT.exec(rest);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host !== undefined && port <= MAX_PORT) return { scheme, host, port };
  const path = /^\[([^\0]+)\]$/.exec(rest)?.[1];
  if (path !== undefined) return { scheme, path };
  if (NAME.test(rest)) return { scheme, name: rest };
  throw new TypeError(
    `Cannot parse address '${text}': use the form '${scheme}://host:port', '${scheme}://[/path]' or '${scheme}://name'`,
  );
}

/** Formats an address in its only spelling. */
export function formatAddress(address: Address): string {
  const start = `${address.scheme}://`;
  if ("name" in address) return `${start}${address.name}`;
  if ("path" in address) return `${start}[${address.path}]`;
  const { host, port } = address;
  const shown = host.includes(":") ? `[${host}]` : host;
  // Each connection holds two addresses. A template would also keep its parts.
  return [start, shown, ":", port].join("");
}

/**
 * Returns the part of an address before `://`.
 *
 * @throws {TypeError} If there is no such part, nothing after `://`, or `text`
 * is not a string.
 */
export function schemeOf(text: string): string {
  // JavaScript may pass a `URL`, which the expression would convert.
  if (typeof text !== "string") {
    throw new TypeError(
      `Cannot use an address of type '${typeof text}': it must be a string, as in 'tcp://host:port'`,
    );
  }
  const scheme = /^([a-z][a-z0-9+.-]*):\/\/./s.exec(text)?.[1];
  if (scheme !== undefined) return scheme;
  throw new TypeError(
    `Cannot parse address '${text}': it has no scheme, use a form such as 'tcp://host:port'`,
  );
}

/**
 * Returns the transport for the scheme of `address`.
 *
 * @throws {TypeError} If there is none.
 */
export function transportFor(
  address: string,
  transports: readonly Transport[],
): Transport {
  const scheme = schemeOf(address);
  const found = transports.find((it) => it.scheme === scheme);
  if (found !== undefined) return found;
  const known = transports.map((it) => `'${it.scheme}'`).join(", ") || "none";
  const remedy = scheme === "ws" || scheme === "wss"
    ? `add '${scheme}()' of '@denomas/denomas/websocket' or a door to 'transports'`
    : "change the address or add one to 'transports'";
  throw new TypeError(
    `Cannot use address '${address}': no transport has the scheme '${scheme}' (there is ${known}), ${remedy}`,
  );
}
