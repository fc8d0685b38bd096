/** The parts of the address of a WebSocket server. */
export interface WebSocketPlace {
  readonly scheme: "ws" | "wss";
  /** A name or an IP address, without brackets. */
  readonly host: string;
  readonly port: number;
  /** The path, and the query if there is one. */
  readonly target: string;
}

const FORM =
  /^(wss?):\/\/(?:\[([\da-fA-F:.]+)\]|([^\s:/?#[\]@]+))(?::(\d{1,5}))?(\/[^\s#]*)?$/;

/**
 * Parses `ws://host:port/path` or `wss://…`. Port and path are optional.
 *
 * @throws {TypeError} If it has another form.
 */
export function parsePlace(address: string): WebSocketPlace {
  const [, scheme, ipv6, name, port, target = "/"] = FORM.exec(address) ?? [];
  const host = ipv6 ?? name;
  const number = port === undefined ? scheme === "ws" ? 80 : 443 : Number(port);
  if (scheme !== undefined && host !== undefined && number < 65_536) {
    return { scheme: scheme as "ws" | "wss", host, port: number, target };
  }
  throw new TypeError(
    `Cannot use address '${address}': the WebSocket transport needs 'ws://host:port/path' or 'wss://host:port/path'`,
  );
}

/** Formats a place as an address, with its port. Omits a path of `/`. */
export function formatPlace(place: WebSocketPlace): string {
  const { scheme, host, port, target } = place;
  const path = target === "/" ? "" : target;
  return `${scheme}://${bracketed(host)}:${port}${path}`;
}

/** Returns the value of the header `Host`, which omits a default port. */
export function hostHeader({ scheme, host, port }: WebSocketPlace): string {
  const isDefault = port === (scheme === "ws" ? 80 : 443);
  return isDefault ? bracketed(host) : `${bracketed(host)}:${port}`;
}

function bracketed(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}
