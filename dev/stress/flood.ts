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

/** The number of requests that the flooding client keeps in flight. */
const FLOOD = 5_000;
/** The number of other clients. */
const OTHERS = 4;
/**
 * The calls per second that the server allows each client, if it limits them.
 */
const ALLOWED = 2_000;
/** The minimum time for which the others are timed, in milliseconds. */
const LEAST_MS = 500;
/** The pause between the calls of each of the others, in milliseconds. */
const PACE_MS = 2;
/**
 * The maximum ratio of the others' p99 with and without the flood, in a long
 * run.
 */
const MOST_TIMES = 10;
/** The maximum p99 of the others, in milliseconds. */
const LONGEST_MS = 5_000;

/** Floods a slow handler while other clients are timed. */
export function flood(world: TrialWorld): Promise<void> {
  return timeBeside("slow calls", {}, world);
}

/**
 * Does the same with a server that limits the rate of each client: it refuses
 * nearly the whole flood, whose client calls again at once.
 */
export function refusedFlood(world: TrialWorld): Promise<void> {
  const rates = { requestsPerSecond: ALLOWED };
  return timeBeside("refused", { rates }, world);
}

/** Runs the server, the flood and the others in separate processes. */
async function timeBeside(
  kind: string,
  limits: LimitOptions,
  world: TrialWorld,
): Promise<void> {
  const { ctx, random, until, counters, name, isLong } = world;
  await using server = await openTestServer(world, limits);
  await using others = await steer(() => new Crowd(), "crowd.ts", world);
  // Use `nice`: it must not take CPU time from the timed clients.
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
  // A short run is sensitive to other work on the machine, and a refused flood
  // takes all the time of the server: then only the absolute bound counts.
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
