import { Arena } from "./_arena.ts";
import type { Series } from "./_chart.ts";
import { type Check, checked } from "./_check.ts";
import type { Growing, Grown } from "./grow.ts";
import { Helper } from "./_helper.ts";
import type { GrowCommand } from "./grow.ts";
import { summarize } from "./_pairs.ts";
import { type Point, steepestSlope } from "./_slope.ts";
import type { Workload } from "./workloads.ts";

/** How something costs more as there is more of it. */
export interface Growth {
  /** What is drawn; its file's name has it, too. */
  readonly name: string;
  readonly title: string;
  /** What there is more of. */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Whether the slopes are in proportion at most. */
  readonly checks: readonly Check[];
}

/** How long and how far to measure. */
export interface GrowthEffort {
  readonly runMs: number;
  /** What is more than that share of the whole is left out. */
  readonly most: number;
}

const COUNTS: Readonly<Record<Growing, readonly number[]>> = {
  connections: [1, 10, 100, 1_000, 3_000, 10_000],
  agents: [1, 10, 100, 1_000, 10_000, 100_000],
  pending: [1, 10, 100, 1_000, 10_000, 60_000],
};

const NAMES: Readonly<Record<Growing, string>> = {
  connections: "connections",
  agents: "agents",
  pending: "pending calls",
};

/** A connection takes a file on either side, and Deno some for itself. */
const MAX_FILES = 11_000;

const GC = ["--v8-flags=--expose-gc"];

/** Grows something step by step, in one process against a server. */
export async function measureGrowth(
  what: Growing,
  { runMs, most }: GrowthEffort,
): Promise<Growth[]> {
  const options = { flags: GC, core: null, maxFiles: MAX_FILES };
  await using server = new Helper(
    "serve.ts",
    ["channel", "tcp://127.0.0.1:0"],
    options,
  );
  const address = await server.listen<string>();
  const serverBefore = await server.ask<number>("memory");
  await using client = new Helper("grow.ts", [], options);
  const clientBefore = await client.listen<number>();
  const counts = COUNTS[what].filter((count, _, { length }) =>
    count <= COUNTS[what][length - 1]! * most
  );
  const rates: Point[] = [];
  const bytes: Record<"client" | "server", Point[]> = {
    client: [],
    server: [],
  };
  for (const count of counts) {
    const command: GrowCommand = { what, count, address, runMs };
    const grown = await client.ask<Grown>(command);
    rates.push({ x: count, y: grown.rate });
    bytes.client.push({ x: count, y: grown.bytes - clientBefore });
    const serverBytes = await server.ask<number>("memory");
    bytes.server.push({ x: count, y: serverBytes - serverBefore });
  }
  return [rateGrowth(what, rates), memoryGrowth(what, bytes)];
}

function rateGrowth(what: Growing, rates: readonly Point[]): Growth {
  return {
    name: `${what}_rate`,
    title: `Calls, 64 in flight, by ${NAMES[what]}`,
    xLabel: NAMES[what],
    yLabel: "calls/s",
    series: [{ label: "calls/s", points: rates }],
    checks: [
      inProportion(
        `time for as many calls as there are ${NAMES[what]}`,
        rates.map(({ x, y }) => ({ x, y: x / y })),
      ),
    ],
  };
}

function memoryGrowth(
  what: Growing,
  { client, server }: Record<"client" | "server", Point[]>,
): Growth {
  const isInOne = what === "agents";
  // What a few take is less than what comes and goes.
  const [clientPoints, serverPoints] = [client, server].map((points) =>
    points.filter(({ x, y }) => x >= 100 && y > 0)
  );
  const series: Series[] = [
    { label: isInOne ? "bytes" : "bytes, client", points: clientPoints! },
    ...(isInOne ? [] : [{ label: "bytes, server", points: serverPoints! }]),
  ];
  return {
    name: `${what}_memory`,
    title: `Memory by ${NAMES[what]}`,
    xLabel: NAMES[what],
    yLabel: "bytes of the heap and outside of it",
    series,
    checks: series.map(({ label, points }) =>
      inProportion(`${label} for ${NAMES[what]}`, points)
    ),
  };
}

const SIZES = [
  10,
  100,
  1_000,
  10_000,
  100_000,
  1_000_000,
  16 * 2 ** 20 - 1_024,
];
const SUBJECTS = ["raw", "channel", "channel-msgpack"];

/** Measures one echo after another, of more and more bytes. */
export async function measureSizes(
  { runMs, most }: GrowthEffort,
  isPinned: boolean,
): Promise<Growth> {
  await using arena = new Arena({ isPinned });
  const series: Series[] = [];
  for (const subject of SUBJECTS) {
    const stand = await arena.stand({ subject, transport: "tcp" });
    const points: Point[] = [];
    for (const bytes of SIZES) {
      if (bytes > SIZES.at(-1)! * most) continue;
      const workload: Workload = { kind: "echo", bytes, inFlight: 1 };
      const acts = await stand.count(workload, runMs);
      const { ms, count } = await stand.run(workload, acts, false);
      points.push({ x: bytes, y: ms / count * 1_000 });
    }
    series.push({ label: subject, points });
  }
  return {
    name: "sizes",
    title: "Payloads there and back, one after another",
    xLabel: "bytes",
    yLabel: "µs",
    series,
    checks: series.map(({ label, points }) =>
      inProportion(`${label}, time by bytes`, points)
    ),
  };
}

/** What noise, and caches that are too small, may add to a slope. */
const TOLERANCE = 0.1;

function inProportion(what: string, points: readonly Point[]): Check {
  const found = summarize([steepestSlope(points)]);
  return checked({
    what: `${what}, steepest slope`,
    unit: "",
    found,
    noise: TOLERANCE,
    target: { atMost: 1 },
  });
}
