import { type Check, checked } from "./_check.ts";
import { Helper } from "./_helper.ts";
import type { GrowCommand, Growing, Grown } from "./grow.ts";
import { summarize } from "./_pairs.ts";
import { CLIENT_CORE, SERVER_CORE } from "./_pin.ts";
import { type Point, pointOf, slopeNoise, steepestSlope } from "./_slope.ts";

/** A line of a chart, with its noise. */
export interface Series {
  readonly label: string;
  readonly points: readonly Point[];
}

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
  /** How often each is measured. */
  readonly runs: number;
  readonly runMs: number;
  /** Whether clients and servers have a core each. */
  readonly isPinned: boolean;
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

const OPTIONS = {
  flags: ["--v8-flags=--expose-gc"],
  // A connection takes one on either side, and Deno some for itself.
  maxFiles: 11_000,
};

/** Measures what a channel costs with more and more of something. */
export async function measureGrowth(
  what: Growing,
  effort: GrowthEffort,
): Promise<Growth[]> {
  const own = await grow("channel", what, effort);
  const rates: Series[] = [{ label: "denomas", points: own.rates }];
  if (what === "connections") {
    const { rates: points } = await grow("bare", what, effort);
    rates.push({ label: "bare loop", points });
  }
  return [rateGrowth(what, rates), memoryGrowth(what, own.bytes)];
}

/** What it came to, by how much there was. */
interface Grew {
  readonly rates: Point[];
  readonly bytes: Record<"client" | "server", Point[]>;
}

/** Grows something step by step, in one process against a server. */
async function grow(
  subject: string,
  what: Growing,
  { runs, runMs, most, isPinned }: GrowthEffort,
): Promise<Grew> {
  await using server = new Helper(
    "serve.ts",
    [subject, "tcp://127.0.0.1:0"],
    { ...OPTIONS, core: isPinned ? SERVER_CORE : null },
  );
  const address = await server.listen<string>();
  const serverBefore = await server.ask<number>("memory");
  await using client = new Helper("grow.ts", [subject], {
    ...OPTIONS,
    core: isPinned ? CLIENT_CORE : null,
  });
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
    const command: GrowCommand = { what, count, address, runs, runMs };
    const grown = await client.ask<Grown>(command);
    rates.push(pointOf(count, grown.rates));
    bytes.client.push(pointOf(count, [grown.bytes - clientBefore]));
    const serverBytes = await server.ask<number>("memory");
    bytes.server.push(pointOf(count, [serverBytes - serverBefore]));
  }
  return { rates, bytes };
}

/** With fewer connections than calls in flight, calls share a write. */
const LEAST_CONNECTIONS = 100;

function rateGrowth(what: Growing, series: readonly Series[]): Growth {
  const least = what === "connections" ? LEAST_CONNECTIONS : 1;
  return {
    name: `${what}_rate`,
    title: `Calls, 64 in flight, by ${NAMES[what]}`,
    xLabel: NAMES[what],
    yLabel: "calls/s",
    series,
    checks: series.map(({ label, points }) =>
      inProportion(
        `${label}, time for as many calls as there are ${NAMES[what]}`,
        points.filter(({ x }) => x >= least).map(({ x, y, strays }) => ({
          x,
          y: x / y,
          strays,
        })),
      )
    ),
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
    { label: isInOne ? "process" : "client", points: clientPoints! },
    ...(isInOne ? [] : [{ label: "server", points: serverPoints! }]),
  ];
  return {
    name: `${what}_memory`,
    title: `Memory by ${NAMES[what]}`,
    xLabel: NAMES[what],
    yLabel: "bytes of the heap and outside of it",
    series,
    checks: series.map(({ label, points }) =>
      inProportion(`${label}, bytes for ${NAMES[what]}`, points)
    ),
  };
}

/** Whether a cost grows in proportion at most. */
export function inProportion(what: string, points: readonly Point[]): Check {
  return checked({
    what: `${what}, steepest slope`,
    unit: "",
    found: summarize([steepestSlope(points)]),
    noise: slopeNoise(points),
    target: { atMost: 1 },
  });
}
