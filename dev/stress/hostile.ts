import { memoryBytes } from "../fixtures/hostile/log.ts";
import {
  attackClients,
  attackContainers,
} from "../fixtures/hostile/clients.ts";
import { attackServer } from "../fixtures/hostile/attack.ts";
import type { TargetName } from "../fixtures/hostile/targets.ts";
import type { TrialWorld } from "./_trial.ts";

/** A client that connects to hostile servers. */
type VisitorName = "client" | "container";

/** The targets: servers of each layer, and clients of hostile servers. */
export const HOSTILE_TARGETS: readonly (TargetName | VisitorName)[] = [
  "channel",
  "RPC",
  "admission",
  "agent",
  "directory",
  "client",
  "container",
];

/** The minimum number of frames per trial in a run of two minutes. */
const LEAST_FRAMES = 1_550;

/** Attacks a target with peers that speak the protocol but lie in it. */
export async function attackHostilely(
  target: TargetName | VisitorName,
  { ctx, random, counters, name, until, runSeconds }: TrialWorld,
): Promise<void> {
  const least = LEAST_FRAMES * Math.min(1, runSeconds / 120);
  const where = `${target}, ${ctx.transport}`;
  const options = {
    random,
    goesOn: (frames: number) => performance.now() < until || frames < least,
    bytesBefore: memoryBytes,
    log: {
      count: (kind: string) => {
        counters.add(`hostile: ${kind}`);
        counters.add(`hostile frames: ${where}`);
      },
      honest: (ms: number) => counters.time(where, ms),
      breach: (sentence: string) => counters.breach(`${name}: ${sentence}`),
    },
  };
  if (target === "client") await attackClients(ctx, options);
  else if (target === "container") await attackContainers(ctx, options);
  else await attackServer(target, ctx, options);
}
