/**
 * WebSockets, for servers in Deno and for clients in Deno, browsers, Node and
 * Bun.
 *
 * {@linkcode webSocketDoor} accepts WebSockets in an HTTP server that also
 * serves pages. {@linkcode ws} and {@linkcode wss} connect, and listen on their
 * own port. In a page, use `@denomas/denomas/browser`.
 *
 * @module
 */
export { webSocketDoor } from "./door.ts";
export type {
  DoorRequestInfo,
  WebSocketDoor,
  WebSocketDoorOptions,
} from "./door.ts";
export type { UpgradeRequest } from "../upgrade_request.ts";
export { ws, wss } from "./ws.ts";
export type { WebSocketOptions } from "./over.ts";
export type { SecureWebSocketOptions } from "./ws.ts";
