import { formatAddress } from "../address.ts";
import { DoorSlot } from "../door_slot.ts";
import type { Connection, Transport } from "../transport.ts";
import { NativeStream } from "./_native_stream.ts";
import { checkOrigins, type Origins } from "./origin.ts";
import { MAX_MESSAGE_BYTES, TEXT } from "./_protocols.ts";
import { judgeUpgrade, type Refusal, wantsWebSocket } from "./_upgrade.ts";

/** Options for {@linkcode webSocketDoor}. */
export interface WebSocketDoorOptions {
  /**
   * The pages that may connect: those of the server's own origin, any page, or
   * a list such as `["https://app.example", "https://*.app.example"]`. A client
   * that sends no origin is not a page, and may connect.
   *
   * @default {"same"}
   */
  readonly origins?: Origins | undefined;
  /**
   * The address by which clients reach the door, such as
   * `"wss://app.example/rpc"`. Required for containers whose agents other
   * containers look up.
   *
   * @default {a name within this process}
   */
  readonly address?: string | undefined;
  /**
   * The longest message to receive, in bytes. Deno itself refuses messages over
   * 64 MiB, but has no limit for a message in fragments.
   *
   * @default {16_777_220}
   */
  readonly maxMessageBytes?: number | undefined;
}

/** Information about a request, as passed by `Deno.serve`. */
export interface DoorRequestInfo {
  /** The address of the client. */
  readonly remoteAddr?: unknown;
}

/**
 * A transport that listens for WebSockets on the port of another HTTP server.
 * Created by {@linkcode webSocketDoor}.
 */
export interface WebSocketDoor extends Transport {
  /** The address to listen at. */
  readonly address: string;
  /**
   * Answers a request for a WebSocket. Returns `null` for any other request.
   * Also answers with refusals: 400 and 426 for an invalid handshake, 403 for
   * pages of another origin, 503 while no server uses the door.
   *
   * Pass `info`, so that limits per host apply to the client. Behind a proxy,
   * pass `{ remoteAddr: { hostname, port } }` of the client that the proxy
   * names.
   */
  upgrade(request: Request, info?: DoorRequestInfo): Response | null;
}

let doors = 0;

/**
 * Returns a door for WebSockets in an HTTP server. It allows pages, an API and
 * RPC on one port.
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { webSocketDoor, ws } from "@denomas/denomas/websocket";
 * import { assertEquals } from "@std/assert";
 *
 * const greeter = service({ greet: (name: string) => `Hello, ${name}` });
 * const door = webSocketDoor();
 * await using rpc = await startServer(door.address, greeter, {
 *   transports: [door],
 * });
 * await using web = Deno.serve(
 *   { hostname: "127.0.0.1", port: 0, onListen: () => {} },
 *   (request, info) => door.upgrade(request, info) ?? new Response("a page"),
 * );
 *
 * const address = `ws://127.0.0.1:${web.addr.port}/rpc`;
 * const client = await openConnection<typeof greeter>(address, {
 *   transports: [ws()],
 * });
 * assertEquals(await client.remote.greet("Ada"), "Hello, Ada");
 * assertEquals(await (await fetch(address.replace("ws", "http"))).text(), "a page");
 * await client.close();
 * await rpc.close();
 * ```
 *
 * Close the RPC server before the HTTP server, which cuts its WebSockets.
 *
 * @throws {TypeError} If an entry of `origins` is not an origin.
 */
export function webSocketDoor(
  options: WebSocketDoorOptions = {},
): WebSocketDoor {
  const {
    origins = "same",
    address = `ws://door-${++doors}`,
    maxMessageBytes = MAX_MESSAGE_BYTES,
  } = options;
  checkOrigins(origins);
  const slot = new DoorSlot(address);
  return {
    scheme: address.slice(0, address.indexOf("://")),
    address,
    listen: (at, accept) => slot.listen(at, accept),
    // deno-lint-ignore require-await -- it must reject, not throw
    connect: async (at) => {
      throw new TypeError(
        `Cannot connect to '${at}': a door only lets others in, use 'ws()' or 'wss()' to connect`,
      );
    },
    upgrade: (request, info) => {
      if (!wantsWebSocket(request.headers)) return null;
      const { pathname, search } = new URL(request.url);
      // The request's own headers cannot be read after the upgrade.
      const headers = new Headers(request.headers);
      const judged = judgeUpgrade(
        request.method,
        pathname + search,
        headers,
        origins,
      );
      if ("status" in judged) return answer(judged);
      const isText = judged.protocol === TEXT;
      const { accept } = slot;
      if (accept === null) return answer(CLOSED);
      // The client's address cannot be read after the upgrade, either.
      const remote = remoteAddress(info?.remoteAddr);
      const { socket, response } = Deno.upgradeWebSocket(request, {
        protocol: judged.protocol,
        // The channel has its own heartbeats.
        idleTimeout: 0,
      });
      const stream = new NativeStream(socket, { isText, maxMessageBytes });
      const connection: Connection = {
        stream,
        localAddress: address,
        remoteAddress: remote,
        request: judged.request,
      };
      socket.addEventListener("open", () => accept(connection), { once: true });
      return response;
    },
  };
}

const CLOSED: Refusal = {
  status: 503,
  text: "The server of this door has not started, or has closed",
};

function answer({ status, text, headers }: Refusal): Response {
  return new Response(`${text}\n`, { status, ...(headers && { headers }) });
}

function remoteAddress(info: unknown): string {
  const { hostname, port } = (info ?? {}) as Partial<Deno.NetAddr>;
  if (hostname === undefined) return "ws://unknown";
  return formatAddress({ scheme: "ws", host: hostname, port: port ?? 0 });
}
