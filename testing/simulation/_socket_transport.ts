import { AddressInUseError, ConnectError } from "../../transports/errors.ts";
import { tcp } from "../../transports/tcp.ts";
import type { Transport } from "../../transports/transport.ts";

/** Returns a transport that carries `local://` addresses over TCP loopback. */
export function overSockets(): Transport {
  const base = tcp();
  /** The addresses of sockets, by the `local://` addresses of programs. */
  const sockets = new Map<string, string>();
  return {
    scheme: "local",
    async listen(address, accept, options) {
      if (sockets.has(address)) {
        throw new AddressInUseError(
          `Cannot listen on '${address}': another server has that name, choose another or close it first`,
          { address },
        );
      }
      sockets.set(address, "");
      const listener = await base.listen(
        "tcp://127.0.0.1:0",
        (connection) => accept({ ...connection, localAddress: address }),
        options,
      );
      sockets.set(address, listener.address);
      return {
        address,
        close: () => {
          sockets.delete(address);
          return listener.close();
        },
        ref: () => listener.ref(),
        unref: () => listener.unref(),
      };
    },
    async connect(address, options) {
      const socket = sockets.get(address) ?? "";
      if (socket === "") {
        throw new ConnectError(
          `Cannot connect to '${address}': no server has that name, start it first`,
          { address },
        );
      }
      const connection = await base.connect(socket, options);
      return { ...connection, remoteAddress: address };
    },
  };
}
