import type {
  PlannedFault,
  SimulationTrace,
  TraceEvent,
} from "../trace/trace.ts";

/** A message, listed once although the trace records sending and arrival. */
export interface TimelineMessage {
  readonly from: string;
  readonly to: string;
  readonly sentAt: number;
  /** When it arrived; `null` if it never did. */
  readonly arrivedAt: number | null;
  readonly text: string;
}

/** Another event at a node, or in the run if `node` is empty. */
export interface TimelineMark {
  readonly node: string;
  readonly at: number;
  readonly kind: Exclude<TraceEvent["kind"], "message">;
  readonly text: string;
}

/** A period in which a node did not run. */
export interface TimelineGap {
  readonly node: string;
  readonly from: number;
  /** When the node ran again; `null` if it did not. */
  readonly to: number | null;
}

/** The data of a drawn trace. Times are in virtual milliseconds. */
export interface Timeline {
  readonly seed: number;
  readonly endAt: number;
  /** The nodes, in the order in which they first appear. */
  readonly nodes: readonly string[];
  /** The messages, in the order in which they were sent. */
  readonly messages: readonly TimelineMessage[];
  readonly marks: readonly TimelineMark[];
  readonly gaps: readonly TimelineGap[];
  readonly faults: readonly PlannedFault[];
}

/** Converts a trace into the data to draw. */
export function timelineOf(
  { seed, events, faults }: SimulationTrace,
): Timeline {
  const nodes = new Set<string>();
  const messages: TimelineMessage[] = [];
  const indexes = new Map<number, number>();
  const marks: TimelineMark[] = [];
  for (const event of events) {
    const { at, node, kind, text } = event;
    for (const name of [node, event.from, event.to]) if (name) nodes.add(name);
    if (kind !== "message") {
      marks.push({ at, node, kind, text });
      continue;
    }
    const sent = messages[indexes.get(event.id ?? NaN) ?? -1];
    if (sent !== undefined) {
      messages[indexes.get(event.id!)!] = { ...sent, arrivedAt: at };
      continue;
    }
    const { from = node, to = node } = event;
    const arrivedAt = node === to && node !== from ? at : null;
    if (event.id !== undefined) indexes.set(event.id, messages.length);
    messages.push({ from, to, sentAt: at, arrivedAt, text });
  }
  for (const { node } of faults) if (node !== "") nodes.add(node);
  // The chart ends with the last event: a fault may outlast the run.
  const endAt = events.reduce((last, { at }) => Math.max(last, at), 0);
  const rest = { marks, gaps: gapsOf(marks), faults };
  return { seed, endAt, nodes: [...nodes], messages, ...rest };
}

function gapsOf(marks: readonly TimelineMark[]): TimelineGap[] {
  const gaps: TimelineGap[] = [];
  const open = new Map<string, number>();
  for (const { kind, node, at } of marks) {
    const from = open.get(node);
    if (kind === "crash" && from === undefined) open.set(node, at);
    if (kind !== "restart" && kind !== "start") continue;
    if (from !== undefined) gaps.push({ node, from, to: at });
    open.delete(node);
  }
  for (const [node, from] of open) gaps.push({ node, from, to: null });
  return gaps;
}

/** Formats a virtual time for display. */
export function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}
