import { comesTrue } from "./_ended.ts";
import { HallKeeper } from "./peers/hall.ts";
import type { Remote } from "../../rpc/remote.ts";
import type { Outcome } from "./_numbered.ts";
import type { LimitOptions } from "../../channel/limits/limits.ts";
import { steer, type Steered } from "./_steered.ts";
import { type Meeting, meetingAt } from "./_task.ts";
import type { TrialWorld } from "./_trial.ts";

/** A hall in a process of its own, and where it is. */
export interface OpenHall extends Steered<HallKeeper> {
  readonly meeting: Meeting;
}

/** Opens a hall in a process of its own, as the trial's step is to have it. */
export async function openHall(
  world: TrialWorld,
  limits: LimitOptions = {},
): Promise<OpenHall> {
  const { ctx } = world;
  const hall = await steer(
    () => new HallKeeper(),
    { program: "hall.ts" },
    world,
  );
  const address = await hall.remote.open(meetingAt(ctx.address, ctx), limits);
  return { ...hall, meeting: meetingAt(address, ctx) };
}

/** Puts calls of others into the books of the run. */
export function enterOutcomes(
  kind: string,
  outcomes: readonly Outcome[],
  { tally, name }: TrialWorld,
): void {
  for (const { made, answered, refused, troubles } of outcomes) {
    tally.add("calls", made);
    tally.add(`call: ${kind}`, made);
    tally.add("calls answered", answered);
    if (refused > 0) tally.add("failed: ServerBusyError", refused);
    for (const trouble of troubles) tally.breach(`${name}: ${trouble}`);
  }
}

/**
 * When all have left: every call was answered or refused, so as many runs as
 * there were of the former are one each, and nothing may be left.
 */
export async function checkHall(
  hall: Remote<HallKeeper>,
  outcomes: readonly Outcome[],
  { tally, name }: TrialWorld,
): Promise<void> {
  const taken = outcomes.reduce((sum, it) => sum + it.made - it.refused, 0);
  let figures = await hall.figures();
  const isEmpty = await comesTrue(async () => {
    figures = await hall.figures();
    return figures.connections + figures.pending === 0;
  });
  const { runs, connections, pending } = figures;
  if (runs !== taken) tally.breach(`${name}: ${taken} calls ran ${runs} times`);
  if (isEmpty) return;
  tally.breach(
    `${name}: all have left, and there are ${connections} connections and ${pending} entries of tables`,
  );
}
