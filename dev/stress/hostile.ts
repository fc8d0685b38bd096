import { attackClients, attackContainers } from "./hostile/clients.ts";
import { attackServer } from "./hostile/attack.ts";
import type { TargetName } from "./hostile/targets.ts";
import type { TrialWorld } from "./_trial.ts";

/** What of a hostile world connects to hostile servers. */
type VisitorName = "client" | "container";

/** Who is attacked: servers of each layer, and who connects to hostile ones. */
export const HOSTILE_TARGETS: readonly (TargetName | VisitorName)[] = [
  "channel",
  "RPC",
  "admission",
  "agent",
  "directory",
  "client",
  "container",
];

/** How many frames a trial sends at least in a run of two minutes. */
const LEAST_FRAMES = 1_550;

/** Attacks one of them with peers that speak the protocol and lie in it. */
export async function attackHostilely(
  target: TargetName | VisitorName,
  { ctx, random, tally, name, until, runSeconds }: TrialWorld,
): Promise<void> {
  const least = LEAST_FRAMES * Math.min(1, runSeconds / 120);
  const where = `${target}, ${ctx.transport}`;
  const options = {
    random,
    goesOn: (frames: number) => performance.now() < until || frames < least,
    log: {
      count: (kind: string) => {
        tally.add(`hostile: ${kind}`);
        tally.add(`hostile frames: ${where}`);
      },
      honest: (ms: number) => tally.time(where, ms),
      breach: (sentence: string) => tally.breach(`${name}: ${sentence}`),
    },
  };
  if (target === "client") await attackClients(ctx, options);
  else if (target === "container") await attackContainers(ctx, options);
  else await attackServer(target, ctx, options);
}
