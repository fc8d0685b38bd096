import type { Transport } from "./_harness.ts";
import type { Target } from "./_ratios.ts";
import { CONNECT, SEQUENTIAL, STREAM, type Workload } from "./workloads.ts";

/** A comparison of two subjects with the same workload. */
export interface Comparison {
  readonly subject: string;
  /** The subject to compare with. */
  readonly baseline: string;
  readonly transport: Transport;
  readonly workload: Workload;
  /**
   * The target of the ratio: of times if calls run one after another, of rates
   * otherwise. `null` if any value is acceptable.
   */
  readonly target: Target | null;
}

/** A comparison of a subject with the fastest of the peers. */
export interface PeerComparison {
  readonly subject: string;
  readonly workload: Workload;
  readonly target: Target;
}

const LOADED: Workload = { kind: "call", inFlight: 64 };
const CROWDED: Workload = { kind: "call", inFlight: 1_024 };
const KIB_64: Workload = { kind: "echo", bytes: 2 ** 16, inFlight: 8 };
const MIB: Workload = { kind: "echo", bytes: 2 ** 20, inFlight: 4 };
const CLIENTS: Workload = { kind: "clients", clients: 6_000 };

/** Returns whether the ratio is one of times. */
export function isSequential({ workload }: Comparison): boolean {
  return workload.kind === "call" && workload.inFlight === 1;
}

type Row = [
  subject: string,
  baseline: string,
  workload: Workload,
  atLeast?: number,
];

/** Comparisons over every kind of socket. */
const OVER_SOCKETS: readonly Row[] = [
  ["rpc", "bare", CONNECT, 0.5],
  ["agent-again", "bare", CONNECT, 0.4],
  ["agent", "bare", CONNECT, 0.25],
  ["rpc", "bare", STREAM, 1],
  ["rpc-msgpack-fast", "raw", KIB_64, 0.35],
  ["rpc-msgpack-fast", "raw", MIB, 0.4],
  ["rpc-msgpack-fast-borrowed", "raw", KIB_64, 0.48],
  ["rpc-msgpack-fast-borrowed", "raw", MIB, 0.6],
  ["rpc", "bare", KIB_64, 1],
  ["rpc", "bare-rpc", LOADED, 0.75],
  ["rpc", "bare-rpc", CROWDED, 0.75],
];

const OVER_TCP: readonly Row[] = [
  ["rpc-websocket", "rpc", LOADED, 0.85],
  ["rpc-nats", "rpc", LOADED, 0.7],
  ["rpc-msgpack", "rpc", LOADED, 0.5],
  ["rpc-diagnostics", "rpc", SEQUENTIAL],
  ["rpc-diagnostics", "rpc", LOADED],
  ["rpc-telemetry", "rpc", SEQUENTIAL],
  ["rpc-telemetry", "rpc", LOADED],
];

/**
 * Returns all comparisons, in the order of the report. The last ones leave
 * thousands of connections behind.
 */
export function comparisons(): Comparison[] {
  return [
    ...OVER_SOCKETS.map((row) => comparison("tcp", row)),
    ...OVER_SOCKETS.map((row) => comparison("unix", row)),
    ...OVER_TCP.map((row) => comparison("tcp", row)),
    {
      ...comparison("tcp", ["rpc", "bare", SEQUENTIAL]),
      target: { atMost: 1.1 },
    },
    comparison("tcp", ["rpc", "bare", CLIENTS, 0.75]),
  ];
}

/** The comparisons with peers, over TCP. */
export const OVER_PEERS: readonly PeerComparison[] = [
  { subject: "rpc", workload: LOADED, target: { atLeast: 2 } },
  { subject: "rpc", workload: CONNECT, target: { atLeast: 1 } },
  { subject: "rpc", workload: STREAM, target: { atLeast: 1 } },
  { subject: "rpc-msgpack-fast", workload: KIB_64, target: { atLeast: 1 } },
  { subject: "rpc-msgpack-fast", workload: MIB, target: { atLeast: 1 } },
];

/** The bound for the 99 % quantile of echo times, in µs. */
export const STALLS = {
  subject: "rpc-msgpack-fast",
  workload: KIB_64,
  target: { atMost: 3_200 },
} as const;

/** The comparisons of the performance guard. */
export const GUARDED: readonly Comparison[] = [
  comparison("tcp", ["rpc", "bare", SEQUENTIAL]),
  comparison("tcp", ["rpc", "bare-rpc", LOADED]),
  comparison("tcp", ["rpc", "bare-rpc", CROWDED]),
  comparison("tcp", ["rpc", "bare", CONNECT]),
  comparison("tcp", ["agent", "bare", CONNECT]),
  comparison("tcp", ["rpc", "bare", STREAM]),
  comparison("tcp", ["rpc", "bare", KIB_64]),
  comparison("tcp", ["rpc-msgpack-fast", "raw", KIB_64]),
  comparison("tcp", ["agent", "rpc", LOADED]),
  comparison("tcp", ["rpc-msgpack", "rpc", LOADED]),
  comparison("memory", ["channel", "codec", LOADED]),
];

function comparison(
  transport: Transport,
  [subject, baseline, workload, atLeast]: Row,
): Comparison {
  const target = atLeast === undefined ? null : { atLeast };
  return { subject, baseline, transport, workload, target };
}
