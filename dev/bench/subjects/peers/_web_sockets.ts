import type { Serving } from "../subject.ts";
import { tcpPlace } from "./_sockets.ts";

/** Hands each WebSocket, when it is open, to `onSocket`. */
export function serveWebSockets(
  address: string,
  onSocket: (socket: WebSocket) => void,
): Serving {
  const { host, port } = tcpPlace(address);
  const sockets = new Set<WebSocket>();
  const server = Deno.serve(
    { hostname: host, port, onListen: () => {} },
    (request) => {
      if (request.headers.get("upgrade") !== "websocket") {
        return new Response("Not Found", { status: 404 });
      }
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.addEventListener("open", () => {
        sockets.add(socket);
        onSocket(socket);
      });
      socket.addEventListener("close", () => sockets.delete(socket));
      return response;
    },
  );
  return {
    address: `tcp://${server.addr.hostname}:${server.addr.port}`,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...sockets].map(closeWebSocket));
      await server.shutdown();
    },
  };
}

/** Returns the URL of the WebSockets that are served at an address. */
export function webSocketUrl(address: string): string {
  const { host, port } = tcpPlace(address);
  return `ws://${host}:${port}`;
}

/** Makes a WebSocket that is to be connected. */
export type OpenWebSocket = (url: string) => WebSocket | Promise<WebSocket>;

/** Opens a WebSocket. */
export async function connectWebSocket(
  address: string,
  open: OpenWebSocket,
): Promise<WebSocket> {
  const socket = await open(webSocketUrl(address));
  await eventOf(socket, "open");
  return socket;
}

/** Closes a WebSocket, and resolves once that is done. */
export async function closeWebSocket(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  const closed = eventOf(socket, "close");
  socket.close();
  await closed;
}

function eventOf(socket: WebSocket, name: "open" | "close"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.addEventListener(name, () => resolve(), { once: true });
    if (name === "close") return;
    socket.addEventListener("error", () => {
      reject(new Error(`Cannot connect to '${socket.url}'`));
    }, { once: true });
  });
}
