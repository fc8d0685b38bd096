import type { LimitOptions } from "../../channel/limits/limits.ts";
import { randomInteger } from "../../testing/network/random.ts";
import { Crowd } from "./peers/crowd.ts";
import { Flooder } from "./peers/flooder.ts";
import {
  checkTestServer,
  countOutcomes,
  openTestServer,
} from "./_server_process.ts";
import { steer } from "./_steered.ts";
import type { TrialWorld } from "./_trial.ts";

/** Requests that the flooding client keeps in flight. */
const FLOOD = 5_000;
/** The number of other clients. */
const OTHERS = 4;
/** Calls a second that the server allows each client, where it limits them. */
const ALLOWED = 2_000;
/** The shortest time for which the others are timed, in milliseconds. */
const LEAST_MS = 500;
/** The pause between the calls of each of the others, in milliseconds. */
const PACE_MS = 2;
/** How many times as long the others may wait in a long run, by their p99s. */
const MOST_TIMES = 10;
/** The longest p99 of the others, in milliseconds. */
const LONGEST_MS = 5_000;

/** Floods a slow handler while other clients are timed. */
export function flood(world: TrialWorld): Promise<void> {
  return timeBeside("slow calls", {}, world);
}

/**
 * The same with a server that limits the rate of each client: it refuses nearly
 * all of the flood, which asks again at once.
 */
export function refusedFlood(world: TrialWorld): Promise<void> {
  const rates = { requestsPerSecond: ALLOWED };
  return timeBeside("refused", { rates }, world);
}

/** Runs the server, the flood and the others in a process each. */
async function timeBeside(
  kind: string,
  limits: LimitOptions,
  world: TrialWorld,
): Promise<void> {
  const { ctx, random, until, counters, name, isLong } = world;
  await using server = await openTestServer(world, limits);
  await using others = await steer(() => new Crowd(), "crowd.ts", world);
  // It must not take the processor from the clients that are timed.
  await using flooder = await steer(
    () => new Flooder(),
    "flooder.ts",
    world,
    true,
  );
  await others.remote.enter(server.endpoint, OTHERS);
  const warmUp = await others.remote.keepPace(PACE_MS, leftMs(until) / 6);
  const quiet = await others.remote.keepPace(PACE_MS, leftMs(until) / 3);
  const seed = randomInteger(random, 0, 2 ** 32 - 1);
  await flooder.remote.begin(server.endpoint, FLOOD, seed);
  const flooded = await others.remote.keepPace(PACE_MS, leftMs(until));
  const { mostUnderWay } = await server.remote.figures();
  const flood = await flooder.remote.end();
  await others.remote.leave();
  countOutcomes("flood", [flood], world);
  const beside = [warmUp, quiet, flooded].map(({ outcome }) => outcome);
  countOutcomes("beside a flood", beside, world);
  await checkTestServer(server.remote, [flood, ...beside], world);
  const times = flooded.p99Ms / quiet.p99Ms;
  // A short run depends on whatever else the machine does, and a refused flood
  // takes all the time of the server: only the absolute bound counts then.
  const isJudged = isLong && flood.refused === 0;
  if (flooded.p99Ms > LONGEST_MS || (isJudged && times > MOST_TIMES)) {
    counters.breach(
      `${name}: the others' p99 is ${flooded.p99Ms.toFixed(2)} ms beside the ` +
        `flood, and was ${quiet.p99Ms.toFixed(2)} ms`,
    );
  }
  counters.note("flood", [
    kind,
    ctx.transport,
    flood.refused.toLocaleString("en"),
    mostUnderWay.toLocaleString("en"),
    ...[quiet, flooded].flatMap(({ medianMs, p99Ms }) =>
      [medianMs, p99Ms].map((ms) => `${ms.toFixed(2)} ms`)
    ),
    times.toFixed(1),
  ]);
}

function leftMs(until: number): number {
  return Math.max(LEAST_MS, until - performance.now());
}
