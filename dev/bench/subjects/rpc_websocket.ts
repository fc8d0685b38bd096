import { ws } from "@denomas/denomas/websocket";
import { rpcNamed } from "./rpc.ts";
import type { Subject } from "./subject.ts";

const overWebSocket = rpcNamed("rpc-websocket", { transports: [ws()] });

/** RPC with JSON over WebSockets, at a TCP port. */
export const rpcWebSocket: Subject = {
  ...overWebSocket,
  serve: (address) => overWebSocket.serve(address.replace(/^tcp:/, "ws:")),
};
