import {
  type AddressInfo,
  createConnection,
  createServer,
  type Socket,
} from "node:net";
import { once } from "node:events";
import { parseAddress } from "../../../../transports/address.ts";
import type { Serving } from "../subject.ts";

/** Passes each connection to `onSocket`; disposal closes all of them. */
export async function serveSockets(
  address: string,
  onSocket: (socket: Socket) => void,
): Promise<Serving> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    ignoreLoss(socket);
    onSocket(socket);
  });
  server.listen(placeOf(address));
  await once(server, "listening");
  return {
    address: realAddress(address, server.address()),
    [Symbol.asyncDispose]: async () => {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Opens a connection, without Nagle's algorithm. */
export async function connectSocket(address: string): Promise<Socket> {
  const socket = createConnection({ ...placeOf(address), noDelay: true });
  await once(socket, "connect");
  ignoreLoss(socket);
  return socket;
}

/** Destroys a connection, and resolves once it is closed. */
export async function cutSocket(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = once(socket, "close");
  socket.destroy();
  await closed;
}

/** Returns the host and port of a `tcp://` address. */
export function tcpPlace(address: string): { host: string; port: number } {
  const parsed = parseAddress(address);
  if ("host" in parsed) return { host: parsed.host, port: parsed.port };
  throw new TypeError(`Cannot use '${address}': this peer is measured on TCP`);
}

/**
 * An error is followed by `close`; without a listener it would end the process.
 */
function ignoreLoss(socket: Socket): void {
  socket.on("error", () => {});
}

type Place = { host: string; port: number } | { path: string };

function placeOf(address: string): Place {
  const parsed = parseAddress(address);
  return "path" in parsed ? { path: parsed.path } : tcpPlace(address);
}

function realAddress(
  address: string,
  bound: AddressInfo | string | null,
): string {
  return bound !== null && typeof bound === "object"
    ? `tcp://${bound.address}:${bound.port}`
    : address;
}
