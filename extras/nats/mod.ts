/**
 * Connections, and what nodes of a cluster share, through a NATS server.
 *
 * @module
 */
export {};
