import { randomInteger } from "../testing/_random.ts";
import { FLOOD, noteFlood, OTHERS } from "./_flood.ts";
import { checkHall, enterOutcomes, openHall } from "./_hall_trial.ts";
import { Crowd } from "./peers/crowd.ts";
import { Flooder } from "./peers/flooder.ts";
import { steer } from "./_steered.ts";
import type { TrialWorld } from "./_trial.ts";

/** How long the others are timed at least, in milliseconds. */
const LEAST_MS = 500;
/** Each of the others calls so often, in milliseconds. */
const PACE_MS = 2;

/**
 * A flood of requests to a slow handler, while other clients are timed: the
 * server, the flood and the others have a process each.
 */
export async function flood(world: TrialWorld): Promise<void> {
  const { random, until } = world;
  await using hall = await openHall(world);
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
  noteFlood({ quiet, flooded, mostUnderWay }, world);
}

function leftMs(until: number): number {
  return Math.max(LEAST_MS, until - performance.now());
}
