import type { Connection } from "../../transports/transport.ts";

/** Calls `accept` with each connection whose handshake, if any, succeeds. */
export function afterHandshakes(
  accept: (connection: Connection) => void,
): (connection: Connection) => void {
  return (connection) => {
    if (connection.handshake === undefined) return accept(connection);
    // The handshake fails if a test stops connecting.
    connection.handshake(new AbortController().signal, 60_000)
      .then(accept, () => {});
  };
}
