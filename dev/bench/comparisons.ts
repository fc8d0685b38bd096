import type { Transport } from "./_arena.ts";
import { type Check, checked } from "./_check.ts";
import type { Target } from "./_pairs.ts";
import { SEQUENTIAL, type Workload } from "./workloads.ts";

/** One subject against another, on the same workload. */
export interface Comparison {
  readonly subject: string;
  /** Name of the subject it is held against. */
  readonly baseline: string;
  readonly transport: Transport;
  readonly workload: Workload;
  /**
   * What the ratio shall be: of the times where calls go one after another, of
   * what is done in a second otherwise. `null` for whatever it is.
   */
  readonly target: Target | null;
  /** Which of the two is measured against itself, for what noise can do. */
  readonly noiseOf: "subject" | "baseline";
}

const LOADED: Workload = { kind: "call", inFlight: 64 };
const CROWDED: Workload = { kind: "call", inFlight: 1_024 };

/** Whether the ratio is one of times. */
export function isSequential({ workload }: Comparison): boolean {
  return workload.kind === "call" && workload.inFlight === 1;
}

/** How many times the calls of each peer RPC is to make. */
const OVER_PEERS: ReadonlyMap<string, number> = new Map([
  ["capnweb", 4],
  ["vscode-jsonrpc", 6],
  ["grpc", 20],
  ["http", 8],
  ["aiomas", 6],
]);

/** Peers that are not JavaScript on both sides of a socket. */
const NO_JAVASCRIPT_OVER_SOCKETS: readonly string[] = ["aiomas"];

/**
 * RPC against the fastest of the peers that are JavaScript on both sides of a
 * socket; `null` without any. `overPeers` has what was found, by peer.
 */
export function fastestPeer(
  overPeers: ReadonlyMap<string, Check>,
): Check | null {
  const [fastest] = [...overPeers]
    .filter(([peer]) => !NO_JAVASCRIPT_OVER_SOCKETS.includes(peer))
    .toSorted(([, a], [, b]) => a.found.median - b.found.median);
  if (fastest === undefined) return null;
  const [peer, { unit, found, noise }] = fastest;
  return checked({
    what: `rpc / the fastest JavaScript peer over sockets, which is ${peer}`,
    unit,
    found,
    noise,
    target: { atLeast: 2 },
  });
}

/** All comparisons, in the order of the report; `peers` are those over TCP. */
export function comparisons(peers: readonly string[]): Comparison[] {
  return [
    ...overBare("tcp"),
    ...overBare("unix"),
    over("rpc-diagnostics", "rpc", SEQUENTIAL, null),
    over("rpc-diagnostics", "rpc", LOADED, null),
    over("rpc-telemetry", "rpc", SEQUENTIAL, null),
    over("rpc-telemetry", "rpc", LOADED, null),
    over("channel-msgpack", "channel", LOADED, null),
    over(
      "channel-msgpack-fast",
      "raw",
      { kind: "echo", bytes: 2 ** 20, inFlight: 4 },
      { atLeast: 0.7 },
    ),
    {
      ...over("agent-worker", "comlink", LOADED, null),
      transport: "worker",
    },
    {
      ...over("channel", "codec", LOADED, { atLeast: 0.5 }),
      transport: "memory",
    },
    ...[...new Set([...peers, ...OVER_PEERS.keys()])].map((peer) => {
      const times = OVER_PEERS.get(peer);
      const target = times === undefined ? null : { atLeast: times };
      return {
        ...over("rpc", peer, LOADED, target),
        noiseOf: "subject" as const,
      };
    }),
  ];
}

function overBare(transport: Transport): Comparison[] {
  const rows: [string, Workload, Target][] = [
    ["channel", SEQUENTIAL, { atMost: 1.1 }],
    ["channel", LOADED, { atLeast: 0.9 }],
    ["channel", CROWDED, { atLeast: 0.9 }],
    ["rpc", LOADED, { atLeast: 0.8 }],
    ["rpc", CROWDED, { atLeast: 0.8 }],
    ["agent", LOADED, { atLeast: 0.75 }],
    ["agent", CROWDED, { atLeast: 0.75 }],
  ];
  return rows.map(([subject, workload, target]) => ({
    ...over(subject, "bare", workload, target),
    transport,
  }));
}

/** One subject against another over TCP. */
export function over(
  subject: string,
  baseline: string,
  workload: Workload,
  target: Target | null,
): Comparison {
  return {
    subject,
    baseline,
    transport: "tcp",
    workload,
    target,
    noiseOf: "baseline",
  };
}
