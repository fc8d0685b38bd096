/**
 * Connections through a NATS server, an engine for clusters that stores its
 * data there, and services for any client of NATS.
 *
 * @module
 */
export { natsEngine } from "./engine.ts";
export type {
  NatsConnectionOptions,
  NatsEngineOptions,
  NatsTransportOptions,
} from "./options.ts";
export { serveOnNats } from "./serve.ts";
export type { ServeOnNatsOptions } from "./serve.ts";
export { natsTransport } from "./transport.ts";
