/**
 * Connections through a NATS server, and what nodes of a cluster share there.
 *
 * @module
 */
export { natsEngine } from "./engine.ts";
export type { NatsEngineOptions } from "./engine.ts";
export type { NatsConnectionOptions, NatsTransportOptions } from "./options.ts";
export { natsTransport } from "./transport.ts";
