import type { Codec } from "../../channel/codecs/codec.ts";
import type { Ctx, CtxTransport } from "../../testing/ctx_contract.ts";
import { runCase } from "../../testing/fixtures/fake_runner.ts";
import { planSteps } from "../../testing/step/_plan.ts";
import type { Random } from "../../testing/network/_random.ts";
import { seededRandom } from "../../testing/network/_random.ts";
import type { Tally } from "./_tally.ts";

/** How long a trial may take beyond its time, in milliseconds. */
const MARGIN_MS = 20_000;

/** What a trial works with. */
export interface TrialWorld {
  readonly ctx: Ctx;
  readonly random: Random;
  readonly tally: Tally;
  /** What reports call it. */
  readonly name: string;
  /** When it should end, by `performance.now()`. */
  readonly until: number;
  /** Whether the run is long enough for figures that are to be relied on. */
  readonly isLong: boolean;
  /** How long the whole run takes, in seconds. */
  readonly runSeconds: number;
}

/** Something that is tried. */
export interface Trial {
  readonly name: string;
  readonly transport: CtxTransport;
  /** Its part of the time of a lap. */
  readonly share: number;
  run(world: TrialWorld): Promise<void>;
}

/** What reports call a trial. */
export function describeTrial({ name, transport }: Trial): string {
  return `${name}, ${transport}`;
}

/** How a trial is run. */
export interface TrialTerms {
  readonly codec: Codec;
  readonly seed: number;
  readonly timeMs: number;
  /** Whether the whole run is a long one. */
  readonly isLong: boolean;
  /** How long it takes, in seconds. */
  readonly runSeconds: number;
  readonly tally: Tally;
}

/**
 * Runs a trial as a step of a test, whose ledger finds all that is left open or
 * pending, and every table that is not empty.
 */
export async function runTrial(
  trial: Trial,
  { codec, seed, timeMs, isLong, runSeconds, tally }: TrialTerms,
): Promise<void> {
  const { transport } = trial;
  const name = `${describeTrial(trial)} · ${codec.name}, seed ${seed}`;
  const { steps: [step] } = await runCase(async (ctx) => {
    const random = seededRandom(seed);
    const until = performance.now() + timeMs;
    const run = { tally, name, until, isLong, runSeconds };
    await trial.run({ ctx, random, ...run });
  }, {
    steps: planSteps({ transports: [transport], codecs: [codec], seed }),
    timeoutMs: timeMs + MARGIN_MS,
  });
  tally.add("trials");
  if (step!.error === null) return;
  tally.breach(`${name}: ${Deno.inspect(step!.error)}`);
}
