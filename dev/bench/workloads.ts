/** The repeated work of a client. */
export type Workload =
  | {
    /** Small calls over one connection. */
    readonly kind: "call";
    /** The number of pending calls at a time. */
    readonly inFlight: number;
  }
  | {
    /** Echoed payloads over one connection. */
    readonly kind: "echo";
    readonly bytes: number;
    readonly inFlight: number;
  }
  | {
    /** Streams, one after another. */
    readonly kind: "stream";
    /** The number of items in each stream. */
    readonly items: number;
  }
  | {
    /** Many clients, each with one pending call. */
    readonly kind: "clients";
    readonly clients: number;
  }
  | {
    /** Connecting, one call, and closing, one after another. */
    readonly kind: "connect";
  };

/** A workload with a table in the report. */
export interface NamedWorkload {
  /** The heading of the table. */
  readonly title: string;
  readonly workload: Workload;
  /** The unit that is counted. */
  readonly unit: "calls" | "echoes" | "items";
}

/** One call after another: the round trip. */
export const SEQUENTIAL: Workload = { kind: "call", inFlight: 1 };

/** The number of items in a stream. */
const ITEMS = 5_000;

/** Streams, long enough for the window of a stream to grow. */
export const STREAM: Workload = { kind: "stream", items: ITEMS };

/** Connections that are used once. */
export const CONNECT: Workload = { kind: "connect" };

/** All workloads, in the order of the report. */
export const WORKLOADS: readonly NamedWorkload[] = [
  { title: "One call after another", workload: SEQUENTIAL, unit: "calls" },
  {
    title: "64 calls in flight",
    workload: { kind: "call", inFlight: 64 },
    unit: "calls",
  },
  {
    title: "1,024 calls in flight",
    workload: { kind: "call", inFlight: 1_024 },
    unit: "calls",
  },
  {
    title: "Payloads of 1 KiB, 64 in flight",
    workload: { kind: "echo", bytes: 1_024, inFlight: 64 },
    unit: "echoes",
  },
  {
    title: "Payloads of 64 KiB, 8 in flight",
    workload: { kind: "echo", bytes: 64 * 1_024, inFlight: 8 },
    unit: "echoes",
  },
  {
    title: "Payloads of 1 MiB, 4 in flight",
    workload: { kind: "echo", bytes: 1_024 * 1_024, inFlight: 4 },
    unit: "echoes",
  },
  {
    title: `Streams of ${ITEMS.toLocaleString("en")} items`,
    workload: STREAM,
    unit: "items",
  },
  {
    title: "100 clients, a call of each in flight",
    workload: { kind: "clients", clients: 100 },
    unit: "calls",
  },
  {
    title: "Connect, call, close",
    workload: CONNECT,
    unit: "calls",
  },
];

/** Returns the name of a workload in arguments and reports. */
export function workloadName(workload: Workload): string {
  switch (workload.kind) {
    case "call":
      return workload.inFlight === 1
        ? "sequential"
        : `${workload.inFlight.toLocaleString("en")} in flight`;
    case "echo":
      return `${formatBytes(workload.bytes)} echo`;
    case "stream":
      return "stream";
    case "clients":
      return `${workload.clients.toLocaleString("en")} clients`;
    case "connect":
      return "connect";
  }
}

/** Formats a size in whole units, as in `64 KiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const isMiB = bytes >= 2 ** 20;
  return `${bytes / (isMiB ? 2 ** 20 : 2 ** 10)} ${isMiB ? "MiB" : "KiB"}`;
}
