import type { Target } from "./_pairs.ts";

/** What is measured: one row of the report. */
export interface Comparison {
  /** Name of the subject. */
  readonly subject: string;
  /** Name of the subject it is held against; `null` for none. */
  readonly baseline: string | null;
  /** `memory` has server and client in one process, the others in two. */
  readonly transport: "tcp" | "unix" | "memory";
  /** How many calls are under way at a time; 1 is one after another. */
  readonly inFlight: number;
  /**
   * What the ratio shall be: of the times where calls go one after another, of
   * the calls/s otherwise. `null` for whatever it is.
   */
  readonly target: Target | null;
}

const LOADS = [1, 64, 1024];

/** How little a typed call may cost over a message, by calls in flight. */
const RPC_TARGETS: ReadonlyMap<number, Target> = new Map<number, Target>([
  [1, { atMost: 1.1 }],
  [64, { atLeast: 0.8 }],
]);

/** How little an agent's call may cost over a typed one, by calls in flight. */
const AGENT_TARGETS: ReadonlyMap<number, Target> = new Map<number, Target>([
  [1, { atMost: 1.1 }],
  [64, { atLeast: 0.85 }],
]);

/** All that is measured, in the order of the report. */
export const COMPARISONS: readonly Comparison[] = [
  ...LOADS.map((inFlight): Comparison => ({
    subject: "channel",
    baseline: "bare",
    transport: "tcp",
    inFlight,
    target: inFlight === 1 ? { atMost: 1.2 } : { atLeast: 0.8 },
  })),
  ...LOADS.map((inFlight): Comparison => ({
    subject: "rpc",
    baseline: "channel",
    transport: "tcp",
    inFlight,
    target: RPC_TARGETS.get(inFlight) ?? null,
  })),
  ...LOADS.map((inFlight): Comparison => ({
    subject: "agent",
    baseline: "rpc",
    transport: "tcp",
    inFlight,
    target: AGENT_TARGETS.get(inFlight) ?? null,
  })),
  ...["rpc-diagnostics", "rpc-telemetry"].flatMap((subject) =>
    [1, 64].map((inFlight): Comparison => ({
      subject,
      baseline: "rpc",
      transport: "tcp",
      inFlight,
      target: null,
    }))
  ),
  ...LOADS.map((inFlight): Comparison => ({
    subject: "channel",
    baseline: "bare",
    transport: "unix",
    inFlight,
    target: null,
  })),
  ...["channel-msgpack", "channel-fast-msgpack"].map((subject): Comparison => ({
    subject,
    baseline: "channel",
    transport: "tcp",
    inFlight: 64,
    target: null,
  })),
  ...LOADS.map((inFlight): Comparison => ({
    subject: "channel",
    baseline: null,
    transport: "memory",
    inFlight,
    target: null,
  })),
];
