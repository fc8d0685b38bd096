/** A kind of network or node fault that a simulation can plan. */
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
  /** The kind of the fault. */
  readonly kind: FaultKind;
  /** The name of the affected node. */
  readonly node: string;
  /** The start time, in virtual milliseconds since the start of the run. */
  readonly atMs: number;
  /** The duration, in virtual milliseconds; 0 for a momentary fault. */
  readonly forMs: number;
  /**
   * The amount: the milliseconds that `delay` adds to each message, or by which
   * `skew` moves the clock of the node.
   */
  readonly amountMs?: number;
}

/** The kind of a {@linkcode TraceEvent}. */
export type TraceEventKind =
  | "start"
  | "crash"
  | "restart"
  | "message"
  | "fault"
  | "note"
  | "failure";

/** One event of a simulated run. */
export interface TraceEvent {
  /** The time, in virtual milliseconds since the start of the run. */
  readonly at: number;
  /** The name of the node where it happened; "" for the run itself. */
  readonly node: string;
  /** The kind of the event. */
  readonly kind: TraceEventKind;
  /** A readable description of the event. */
  readonly text: string;
  /** For messages: the receiving node. */
  readonly to?: string;
  /** For messages: the sending node. */
  readonly from?: string;
  /** For messages: the same number in the events of sending and arrival. */
  readonly id?: number;
}

/** The events and faults of one run of one seed. */
export interface SimulationTrace {
  /** The seed of the run. */
  readonly seed: number;
  /** The events, in the order in which they happened. */
  readonly events: readonly TraceEvent[];
  /** The planned faults, sorted by start time. */
  readonly faults: readonly PlannedFault[];
}
