import type { Codec } from "../../channel/codecs/codec.ts";
import type { Ctx, CtxTransport } from "../../testing/ctx_contract.ts";
import { runCase } from "../../testing/fixtures/fake_runner.ts";
import { planSteps } from "../../testing/step/_plan.ts";
import type { Random } from "../../testing/network/random.ts";
import { seededRandom } from "../../testing/network/random.ts";
import type { Counters } from "./_counters.ts";

/** The time that a trial may take beyond its own limit, in milliseconds. */
const MARGIN_MS = 20_000;

/** The context of a trial. */
export interface TrialWorld {
  readonly ctx: Ctx;
  readonly random: Random;
  readonly counters: Counters;
  /** The name in reports. */
  readonly name: string;
  /** The time at which it should end, by `performance.now()`. */
  readonly until: number;
  /** Whether the run is long enough for reliable figures. */
  readonly isLong: boolean;
  /** The length of the whole run, in seconds. */
  readonly runSeconds: number;
}

/** A part of a stress run. */
export interface Trial {
  readonly name: string;
  readonly transport: CtxTransport;
  /** Its share of the time. */
  readonly share: number;
  run(world: TrialWorld): Promise<void>;
}

/** Returns the name of a trial in reports. */
export function describeTrial({ name, transport }: Trial): string {
  return `${name}, ${transport}`;
}

/** The parameters of one run of a trial. */
export interface TrialTerms {
  readonly codec: Codec;
  readonly seed: number;
  readonly timeMs: number;
  /** Whether the whole run is a long one. */
  readonly isLong: boolean;
  /** The length of the whole run, in seconds. */
  readonly runSeconds: number;
  readonly counters: Counters;
}

/**
 * Runs a trial as a step of a test. The step's ledger detects everything left
 * open or pending, and every table that is not empty.
 */
export async function runTrial(
  trial: Trial,
  { codec, seed, timeMs, isLong, runSeconds, counters }: TrialTerms,
): Promise<void> {
  const { transport } = trial;
  const name = `${describeTrial(trial)} · ${codec.name}, seed ${seed}`;
  const { steps: [step] } = await runCase(async (ctx) => {
    const random = seededRandom(seed);
    const until = performance.now() + timeMs;
    const run = { counters, name, until, isLong, runSeconds };
    await trial.run({ ctx, random, ...run });
  }, {
    steps: planSteps({ transports: [transport], codecs: [codec], seed }),
    timeoutMs: timeMs + MARGIN_MS,
  });
  counters.add("trials");
  if (step!.error === null) return;
  counters.breach(`${name}: ${Deno.inspect(step!.error)}`);
}
