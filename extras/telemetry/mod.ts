/**
 * Reports connections and calls: as spans and metrics of OpenTelemetry, and as
 * messages of `node:diagnostics_channel`.
 *
 * Both are a {@linkcode Telemetry}. Pass its parts as middleware to the RPC
 * layer's `startServer` and `openConnection`, and to the layers built on them.
 * Connections without this middleware have no overhead.
 *
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { openTelemetry } from "@denomas/denomas/telemetry";
 * import { assertEquals } from "@std/assert";
 *
 * const { calls, requests, connections } = openTelemetry();
 * const options = {
 *   middleware: { calls: [calls], requests: [requests], connections: [connections] },
 * };
 * const adder = service({ add: (a: number, b: number) => a + b });
 * await using server = await startServer("local://traced", adder, options);
 * await using client = await openConnection<typeof adder>(
 *   server.address,
 *   options,
 * );
 * assertEquals(await client.remote.add(1, 2), 3);
 * ```
 *
 * @module
 */
export {
  type CallEndMessage,
  type CallErrorMessage,
  type CallMessage,
  type ConnectionCloseMessage,
  type ConnectionMessage,
  diagnostics,
} from "./diagnostics.ts";
export { openTelemetry, type OpenTelemetryOptions } from "./open_telemetry.ts";
export type { Telemetry } from "./telemetry.ts";
