import type { Transport } from "./_harness.ts";
import type { Check, Target } from "./_ratios.ts";
import { SEQUENTIAL, type Workload } from "./workloads.ts";

/** One subject against another, with the same workload. */
export interface Comparison {
  readonly subject: string;
  /** The subject that it is compared with. */
  readonly baseline: string;
  readonly transport: Transport;
  readonly workload: Workload;
  /**
   * The target of the ratio: of the times where calls go one after another,
   * of the rates otherwise. `null` if any value will do.
   */
  readonly target: Target | null;
  /** The side that is measured against itself, to find the noise. */
  readonly noiseOf: "subject" | "baseline";
}

const LOADED: Workload = { kind: "call", inFlight: 64 };
const CROWDED: Workload = { kind: "call", inFlight: 1_024 };

/** Returns whether the ratio is one of times. */
export function isSequential({ workload }: Comparison): boolean {
  return workload.kind === "call" && workload.inFlight === 1;
}

/** How many times the rate of each peer RPC should reach. */
const OVER_PEERS: Readonly<Record<string, number>> = {
  capnweb: 4,
  "vscode-jsonrpc": 6,
  grpc: 20,
  http: 8,
  aiomas: 6,
};

/**
 * Returns RPC against the fastest peer in JavaScript, given the comparisons
 * with each peer; `null` without any.
 */
export function fastestPeer(
  overPeers: ReadonlyMap<string, Check>,
): Check | null {
  const [fastest] = [...overPeers]
    .filter(([peer]) => peer !== "aiomas")
    .toSorted(([, a], [, b]) => a.found.median - b.found.median);
  if (fastest === undefined) return null;
  const [peer, check] = fastest;
  return {
    ...check,
    what: `rpc / the fastest JavaScript peer, which is ${peer}`,
    target: { atLeast: 2 },
  };
}

/** Returns all comparisons, in the order of the report. */
export function comparisons(peers: readonly string[]): Comparison[] {
  return [
    ...overBare("tcp"),
    ...overBare("unix"),
    over("rpc-diagnostics", "rpc", SEQUENTIAL),
    over("rpc-diagnostics", "rpc", LOADED),
    over("rpc-telemetry", "rpc", SEQUENTIAL),
    over("rpc-telemetry", "rpc", LOADED),
    over("channel-msgpack", "channel", LOADED),
    over("channel-msgpack-fast", "raw", {
      kind: "echo",
      bytes: 2 ** 20,
      inFlight: 4,
    }, { atLeast: 0.7 }),
    {
      ...over("channel", "codec", LOADED, { atLeast: 0.5 }),
      transport: "memory",
    },
    ...peers.map((peer): Comparison => {
      const atLeast = OVER_PEERS[peer];
      const target = atLeast === undefined ? null : { atLeast };
      return { ...over("rpc", peer, LOADED, target), noiseOf: "subject" };
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

/** The comparisons of the guard: each layer over the one below, and codecs. */
export const GUARDED: readonly Comparison[] = [
  over("channel", "bare", SEQUENTIAL),
  over("channel", "bare", LOADED),
  over("channel", "bare", CROWDED),
  over("rpc", "channel", LOADED),
  over("agent", "rpc", LOADED),
  over("channel-msgpack", "channel", LOADED),
  over("channel", "bare", { kind: "echo", bytes: 2 ** 16, inFlight: 8 }),
  { ...over("channel", "codec", LOADED), transport: "memory" },
];

function over(
  subject: string,
  baseline: string,
  workload: Workload,
  target: Target | null = null,
): Comparison {
  return {
    ...{ subject, baseline, workload, target },
    transport: "tcp",
    noiseOf: "baseline",
  };
}
