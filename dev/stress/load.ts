import { print } from "../checks/_print.ts";
import { fileLimit } from "./_file_limit.ts";
import { checkHall, enterOutcomes, openHall } from "./_hall_trial.ts";
import { Crowd } from "./peers/crowd.ts";
import { steer } from "./_steered.ts";
import type { TrialWorld } from "./_trial.ts";

/** How many connections there are at once, and how many in a short run or TLS. */
const CONNECTIONS = 5_000;
const FEW_CONNECTIONS = 500;
/** How long all call at least, in milliseconds. */
const LEAST_MS = 200;
/** What a process opens besides. */
const OTHER_FILES = 100;

/** Very many connections at once, from one process to another; all call. */
export async function load(world: TrialWorld): Promise<void> {
  const { ctx, tally, until, isLong } = world;
  // The handshakes of TLS would take longer than all else.
  const isFull = isLong && ctx.transport !== "tls";
  const count = await possible(isFull ? CONNECTIONS : FEW_CONNECTIONS);
  await using hall = await openHall(world);
  const process = { program: "crowd.ts" };
  await using crowd = await steer(() => new Crowd(), process, world);
  const empty = await hall.remote.figures();
  const start = performance.now();
  await crowd.remote.enter(hall.meeting, count);
  const openMs = performance.now() - start;
  const idle = await hall.remote.figures();
  const forMs = Math.max(LEAST_MS, until - performance.now());
  const { outcome, ms, medianMs, p99Ms } = await crowd.remote.work(forMs);
  const full = await hall.remote.figures();
  await crowd.remote.leave();
  enterOutcomes("load", [outcome], world);
  await checkHall(hall.remote, [outcome], world);
  if (idle.connections !== count || full.connections !== count) {
    tally.breach(
      `${world.name}: ${full.connections} connections, wanted ${count}`,
    );
  }
  const bytesEach = (full.memoryBytes - empty.memoryBytes) / count;
  tally.note("load", [
    ctx.transport,
    count.toLocaleString("en"),
    `${(openMs / 1_000).toFixed(1)} s`,
    outcome.made.toLocaleString("en"),
    Math.round(outcome.made / ms * 1_000).toLocaleString("en"),
    `${medianMs.toFixed(1)} ms`,
    `${p99Ms.toFixed(1)} ms`,
    `${(bytesEach / 1_024).toFixed(1)} KiB`,
  ]);
}

/** As many connections as wanted, or as the system lets a process have. */
async function possible(wanted: number): Promise<number> {
  const limit = await fileLimit() - OTHER_FILES;
  if (limit >= wanted) return wanted;
  print(`No more than ${limit} connections: 'ulimit -H -n' allows no more`);
  return limit;
}
