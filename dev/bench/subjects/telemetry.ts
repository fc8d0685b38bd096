import type { RpcOptions } from "@denomas/denomas/rpc";
import {
  diagnostics,
  openTelemetry,
  type Telemetry,
} from "@denomas/denomas/telemetry";
import { rpcNamed } from "./rpc.ts";
import type { Subject } from "./subject.ts";

/** RPC observed by telemetry to which no listener is registered. */
export const telemetries: readonly Subject[] = [
  rpcNamed("rpc-diagnostics", shownBy(diagnostics())),
  rpcNamed("rpc-telemetry", shownBy(openTelemetry())),
];

function shownBy({ calls, requests, connections }: Telemetry): RpcOptions {
  return {
    middleware: {
      calls: [calls],
      requests: [requests],
      connections: [connections],
    },
  };
}
