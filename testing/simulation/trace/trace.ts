/** One kind of network or node fault that a simulation can plan. */
export type FaultKind =
  | "partition"
  | "hold"
  | "delay"
  | "reset"
  | "half-open"
  | "crash"
  | "pause"
  | "skew";

/** One fault of a plan, as plain data. */
export interface PlannedFault {
  /** What happens. */
  readonly kind: FaultKind;
  /** The name of the node that it happens to. */
  readonly node: string;
  /** When it begins, in virtual milliseconds since the start of the run. */
  readonly atMs: number;
  /** How long it lasts, in virtual milliseconds; 0 where it is one moment. */
  readonly forMs: number;
  /**
   * By how much: milliseconds that `delay` adds to each message, or by which
   * `skew` moves the clock of the node.
   */
  readonly amountMs?: number;
}

/** What a {@linkcode TraceEvent} tells of. */
export type TraceEventKind =
  | "start"
  | "crash"
  | "restart"
  | "message"
  | "fault"
  | "note"
  | "failure";

/** One thing that happened in a simulated run. */
export interface TraceEvent {
  /** When, in virtual milliseconds since the start of the run. */
  readonly at: number;
  /** The name of the node where it happened; "" for the run itself. */
  readonly node: string;
  /** What sort of event it is. */
  readonly kind: TraceEventKind;
  /** What happened, for people. */
  readonly text: string;
  /** Of a message: the node that receives it. */
  readonly to?: string;
  /** Of a message: the node that sent it. */
  readonly from?: string;
  /** Of a message: equal where it is sent and where it arrives. */
  readonly id?: number;
}

/** All that happened in one run of one seed, in order. */
export interface SimulationTrace {
  /** The seed of the run. */
  readonly seed: number;
  /** The events, in the order in which they happened. */
  readonly events: readonly TraceEvent[];
  /** The faults that were planned, in the order of their begins. */
  readonly faults: readonly PlannedFault[];
}
