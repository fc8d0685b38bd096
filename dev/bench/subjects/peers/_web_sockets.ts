import { once } from "node:events";
import type { Serving } from "../subject.ts";
import { load, type WebSocketServer } from "./_load.ts";
import { tcpPlace } from "./_sockets.ts";

/**
 * Serves WebSockets of npm's ws. `start` receives the server before a client
 * can connect.
 */
export async function serveWebSockets(
  address: string,
  start: (server: WebSocketServer) => void,
): Promise<Serving> {
  const { WebSocketServer } = await load("ws");
  const server = new WebSocketServer(tcpPlace(address));
  start(server);
  await once(server, "listening");
  const { address: host, port } = server.address();
  return {
    address: `tcp://${host}:${port}`,
    [Symbol.asyncDispose]: async () => {
      const closed = new Promise<void>((resolve) => {
        // An error means that it is already closed, which is no failure here.
        server.close(() => resolve());
      });
      for (const socket of server.clients) socket.terminate();
      await closed;
    },
  };
}

/** Opens a WebSocket of npm's ws, which sets no-delay. */
export async function openWebSocket(address: string): Promise<WebSocket> {
  const { WebSocket } = await load("ws");
  const socket = new WebSocket(webSocketUrl(address));
  await once(socket as unknown as EventTarget, "open");
  return socket;
}

/** Returns the WebSocket URL of a server. */
export function webSocketUrl(address: string): string {
  const { host, port } = tcpPlace(address);
  return `ws://${host}:${port}`;
}

/** Closes a WebSocket, and resolves once it is closed. */
export async function closeWebSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.addEventListener("close", () => resolve(), { once: true });
  socket.close();
  await promise;
}
