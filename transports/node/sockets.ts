import { createConnection, type Socket } from "node:net";
import { parseAddress } from "../address.ts";
import { ConnectError } from "../errors.ts";
import type { Connection, Transport } from "../transport.ts";
import { SocketStream } from "./_socket_stream.ts";

/**
 * Returns the transports for `tcp://host:port` and `ipc://[/path]` over the
 * sockets of Node, which Bun and Deno also provide. They connect, but cannot
 * listen: servers run in Deno.
 */
export function nodeSockets(): readonly Transport[] {
  return [over("tcp"), over("ipc")];
}

function over(scheme: "tcp" | "ipc"): Transport {
  return {
    scheme,
    // deno-lint-ignore require-await -- it must reject, not throw
    listen: async (address) => {
      throw new TypeError(
        `Cannot listen on '${address}': the sockets of Node only connect here, run the server in Deno`,
      );
    },
    connect: async (address, { signal } = {}) => {
      const target = targetOf(address, scheme);
      signal?.throwIfAborted();
      const socket = createConnection({ ...target, allowHalfOpen: true });
      await connected(socket, address, signal);
      socket.setNoDelay(true);
      socket.setKeepAlive(true);
      const localAddress = scheme === "ipc"
        ? address
        : `tcp://${socket.localAddress}:${socket.localPort}`;
      const stream = new SocketStream(socket, socket, closedError);
      return {
        stream,
        localAddress,
        remoteAddress: address,
      } satisfies Connection;
    },
  };
}

function targetOf(
  address: string,
  scheme: "tcp" | "ipc",
): { host: string; port: number } | { path: string } {
  const parsed = parseAddress(address);
  if (parsed.scheme === scheme) {
    if (scheme === "ipc" && "path" in parsed) return { path: parsed.path };
    if (scheme === "tcp" && "host" in parsed && parsed.port > 0) {
      return { host: parsed.host, port: parsed.port };
    }
  }
  throw new TypeError(
    `Cannot use address '${address}': wanted 'tcp://host:port' or 'ipc://[/path]'`,
  );
}

/** Resolves when `socket` is connected. Destroys the socket otherwise. */
function connected(
  socket: Socket,
  address: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const onConnect = () => {
      done();
      resolve();
    };
    const onError = (cause: Error) => {
      done();
      reject(
        new ConnectError(
          `Cannot connect to '${address}': ${cause.message}`,
          { address, cause },
        ),
      );
    };
    const onAbort = () => {
      done();
      // Later errors of the socket do not matter.
      socket.on("error", () => {});
      socket.destroy();
      reject(signal!.reason);
    };
    const done = () => {
      socket.off("connect", onConnect);
      socket.off("error", onError);
      signal?.removeEventListener("abort", onAbort);
    };
    socket.on("connect", onConnect);
    socket.on("error", onError);
    signal?.addEventListener("abort", onAbort);
  });
}

function closedError(): Error {
  return new Error("The socket is closed");
}
