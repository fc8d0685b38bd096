/**
 * Connections through a NATS server.
 *
 * @module
 */
export type { NatsConnectionOptions, NatsTransportOptions } from "./options.ts";
export { natsTransport } from "./transport.ts";
