import type { LimitOptions } from "../../channel/limits/limits.ts";
import { randomInteger } from "../../testing/network/_random.ts";
import { FLOOD, noteFlood, OTHERS } from "./_flood.ts";
import { checkHall, enterOutcomes, openHall } from "./_hall_trial.ts";
import { Crowd } from "./peers/crowd.ts";
import { Flooder } from "./peers/flooder.ts";
import { steer } from "./_steered.ts";
import type { TrialWorld } from "./_trial.ts";

/** How often a client may ask where that is bounded, in calls a second. */
const ALLOWED = 2_000;
/** How long the others are timed at least, in milliseconds. */
const LEAST_MS = 500;
/** Each of the others calls so often, in milliseconds. */
const PACE_MS = 2;

/** A flood of requests to a slow handler, while other clients are timed. */
export function flood(world: TrialWorld): Promise<void> {
  return timeBeside("slow calls", {}, world);
}

/**
 * The same with a server that allows each client so many calls a second: it
 * refuses nearly all of the flood, which asks again at once, as often as it
 * can.
 */
export function refusedFlood(world: TrialWorld): Promise<void> {
  return timeBeside(
    "refused",
    { rates: { requestsPerSecond: ALLOWED } },
    world,
  );
}

/** The server, the flood and the others have a process each. */
async function timeBeside(
  kind: string,
  limits: LimitOptions,
  world: TrialWorld,
): Promise<void> {
  const { random, until } = world;
  await using hall = await openHall(world, limits);
  const crowd = { program: "crowd.ts" };
  await using others = await steer(() => new Crowd(), crowd, world);
  // It must not take the processor from those that are timed.
  const nice = { program: "flooder.ts", isNice: true };
  await using flooder = await steer(() => new Flooder(), nice, world);
  await others.remote.enter(hall.meeting, OTHERS);
  // What is compiled when it first runs is no matter of a flood.
  const warmUp = await others.remote.keepPace(PACE_MS, leftMs(until) / 6);
  const quiet = await others.remote.keepPace(PACE_MS, leftMs(until) / 3);
  const seed = randomInteger(random, 0, 2 ** 32 - 1);
  await flooder.remote.begin(hall.meeting, FLOOD, seed);
  const flooded = await others.remote.keepPace(PACE_MS, leftMs(until));
  const { mostUnderWay } = await hall.remote.figures();
  const flood = await flooder.remote.end();
  await others.remote.leave();
  enterOutcomes("flood", [flood], world);
  const beside = [warmUp, quiet, flooded].map(({ outcome }) => outcome);
  enterOutcomes("beside a flood", beside, world);
  await checkHall(hall.remote, [flood, ...beside], world);
  const { refused } = flood;
  noteFlood({ kind, quiet, flooded, mostUnderWay, refused }, world);
}

function leftMs(until: number): number {
  return Math.max(LEAST_MS, until - performance.now());
}
