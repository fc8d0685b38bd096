import type { Peer } from "./_peer.ts";
import { agentWorker } from "./agent_worker.ts";
import { aiomas } from "./aiomas.ts";
import { birpc } from "./birpc.ts";
import { capnweb } from "./capnweb.ts";
import { capnwebDeno } from "./capnweb_deno.ts";
import { comlink } from "./comlink.ts";
import { grpc } from "./grpc.ts";
import { http } from "./http.ts";
import { kkrpc } from "./kkrpc.ts";
import { nats } from "./nats.ts";
import { vscodeJsonrpc } from "./vscode_jsonrpc.ts";

/** Every peer. None loads its packages before it serves or connects. */
export const PEERS: readonly Peer[] = [
  birpc,
  vscodeJsonrpc,
  capnweb,
  capnwebDeno,
  kkrpc,
  grpc,
  nats,
  http,
  aiomas,
  comlink,
  agentWorker,
];
