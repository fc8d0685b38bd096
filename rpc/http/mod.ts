/**
 * Calls by plain HTTP, for curl, webhooks and programs without denomas.
 *
 * {@linkcode httpDoor} accepts calls from an HTTP server, and
 * {@linkcode openApi} describes them as an OpenAPI document. Clients with
 * denomas should use WebSocket or a socket instead: a connection supports
 * streams in both directions and callbacks, and has a much lower cost per call.
 *
 * @module
 */
export { httpDoor } from "./door.ts";
export type { HttpDoor, HttpDoorOptions } from "./door.ts";
export { openApi } from "./open_api.ts";
export type { OpenApiOptions } from "./open_api.ts";
