/**
 * Calls by plain HTTP, for curl, webhooks and programs without denomas.
 *
 * {@linkcode httpDoor} takes calls from an HTTP server, and
 * {@linkcode openApi} describes them as an OpenAPI document. Clients with denomas
 * use WebSocket or a socket: a connection has streams both ways, callbacks and
 * much less cost for each call.
 *
 * @module
 */
export { httpDoor } from "./door.ts";
export type { HttpDoor, HttpDoorOptions } from "./door.ts";
export { openApi } from "./open_api.ts";
export type { OpenApiOptions } from "./open_api.ts";
