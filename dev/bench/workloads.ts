/** What a client does over and over. */
export type Workload =
  | {
    /** Small calls over one connection. */
    readonly kind: "call";
    /** How many are under way at a time. */
    readonly inFlight: number;
  }
  | {
    /** Payloads there and back, over one connection. */
    readonly kind: "echo";
    readonly bytes: number;
    readonly inFlight: number;
  }
  | {
    /** Streams, one after another. */
    readonly kind: "stream";
    /** How many items each has. */
    readonly items: number;
  }
  | {
    /** Many clients, each with a call under way. */
    readonly kind: "clients";
    readonly clients: number;
  }
  | {
    /** Connecting, one call, and closing, one after another. */
    readonly kind: "connect";
  };

/** A workload that the report has a table of. */
export interface NamedWorkload {
  /** A heading. */
  readonly title: string;
  readonly workload: Workload;
  /** What is counted. */
  readonly unit: "calls" | "echoes" | "items";
}

/** A call after another: the round trip. */
export const SEQUENTIAL: Workload = { kind: "call", inFlight: 1 };

/** So many items has a stream. */
const ITEMS = 5_000;

/** Streams, long enough for the window of one to grow. */
export const STREAM: Workload = { kind: "stream", items: ITEMS };

/** Connections that are used once. */
export const CONNECT: Workload = { kind: "connect" };

/** All of them, in the order of the report. */
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

/** How arguments and reports call a workload. */
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

/** Whole units, as in `64 KiB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1_024) return `${bytes} B`;
  const isMiB = bytes >= 2 ** 20;
  return `${bytes / (isMiB ? 2 ** 20 : 2 ** 10)} ${isMiB ? "MiB" : "KiB"}`;
}
