/**
 * Runs storms, killed processes, load, floods and hostile peers for some time,
 * during which every guarantee must hold:
 * `deno task stress --seconds=N --seed=S`. Ends with exit code 1 on any
 * violation.
 *
 * @module
 */
import { describeMachine } from "../shared/machine.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { randomInteger, seededRandom } from "../../testing/network/random.ts";
import { print, printError } from "../checks/_print.ts";
import { writeSection } from "../checks/section.ts";
import { formatMarkdown, formatText } from "../shared/tables.ts";
import { heapBytes, isRising } from "../shared/heap.ts";
import { hostileFrames, lost, type Report, tablesOf } from "./_report.ts";
import { Counters } from "./_counters.ts";
import { describeTrial, runTrial, type Trial } from "./_trial.ts";
import { lastTrials, trialsOfLap } from "./trials.ts";

/** The number of laps. The heap is sampled after each, except warm-up laps. */
const LAPS = 7;
/** The number of laps until V8 has compiled nearly all code. */
const WARM_UP_LAPS = 2;
/** The minimum time of a share, in milliseconds. */
const LEAST_MS = 20;
/** The length from which a run counts as long, in seconds. */
const LONG_SECONDS = 300;
/** The minimum number of hostile frames in a run of two minutes. */
const HOSTILE_FRAMES = 200_000;
const CODECS = [json(), msgpack()];

/** The arguments of a run. */
export interface Arguments {
  /** The approximate length of the run, in seconds. */
  readonly seconds: number;
  /** The seed of all random numbers. */
  readonly seed: number;
  /** Runs only trials whose name or transport contains this; empty for all. */
  readonly only: string;
  /** Whether to write the figures into the guide. */
  readonly write: boolean;
}

const USAGE = `Usage: deno task stress [OPTION …]

  --seconds=N   about how long to run; default 30
  --seed=S      the seed of all random numbers; default a random one
  --only=WORD   only trials whose name holds it, as in --only=rpc or --only=tls
  --write       put the figures into docs/reliability.md`;

/**
 * Parses the arguments.
 *
 * @throws {TypeError} If an argument is unknown.
 */
export function parseArguments(args: readonly string[]): Arguments {
  let seconds = 30;
  let seed = crypto.getRandomValues(new Uint32Array(1))[0]!;
  let only = "";
  let write = false;
  for (const arg of args) {
    const [, name, value] = /^--(\w+)(?:=(.+))?$/.exec(arg) ?? [];
    if (name === "seconds" && Number(value) > 0) seconds = Number(value);
    else if (name === "seed" && /^\d{1,10}$/.test(value ?? "")) {
      seed = Number(value) >>> 0;
    } else if (name === "only" && value !== undefined) only = value;
    else if (name === "write" && value === undefined) write = true;
    else throw new TypeError(`Reading '${arg}': unknown argument\n\n${USAGE}`);
  }
  return { seconds, seed, only, write };
}

async function run(args: Arguments): Promise<Report> {
  const { seconds, seed, only } = args;
  const isChosen = (trial: Trial) => describeTrial(trial).includes(only);
  const laps = Array<Trial[]>(LAPS).fill(trialsOfLap().filter(isChosen));
  const rounds = [...laps, lastTrials().filter(isChosen)];
  let sharesLeft = rounds.flat().reduce((sum, { share }) => sum + share, 0);
  const end = performance.now() + seconds * 1_000;
  const random = seededRandom(seed);
  const counters = new Counters();
  const heap: number[] = [];
  for (const [round, trials] of rounds.entries()) {
    for (const [index, trial] of trials.entries()) {
      // The time that trials take to close is lost for the following ones.
      const leftMs = Math.max(LEAST_MS * sharesLeft, end - performance.now());
      await runTrial(trial, {
        codec: CODECS[(round + index) % CODECS.length]!,
        seed: randomInteger(random, 0, 2 ** 32 - 1),
        timeMs: leftMs * trial.share / sharesLeft,
        isLong: seconds >= LONG_SECONDS,
        runSeconds: seconds,
        counters,
      });
      sharesLeft -= trial.share;
    }
    if (round >= WARM_UP_LAPS && round < LAPS) heap.push(await heapBytes());
  }
  if (lost(counters) !== 0) {
    counters.breach(`${lost(counters)} calls were lost without an error`);
  }
  const frames = hostileFrames(counters);
  if (only === "" && frames < HOSTILE_FRAMES * Math.min(1, seconds / 120)) {
    counters.breach(`only ${frames} hostile frames were sent`);
  }
  if (isRising(heap)) {
    counters.breach(`the heap grows: ${heap.join(", ")} bytes`);
  }
  return { seed, seconds, counters, heap };
}

/** Writes the figures into the guide. */
async function writeGuide(report: Report): Promise<void> {
  const { seed, seconds, counters } = report;
  const content = [
    `Taken with seed ${seed} in ${seconds} seconds, on ${describeMachine()}. ` +
    `Promises that were broken: ${counters.breaches.length}.`,
    formatMarkdown(tablesOf(report)),
  ].join("\n\n");
  await writeSection("reliability.md", "stress --write", content);
}

if (import.meta.main) {
  const args = parseArguments(Deno.args);
  print(`Seed ${args.seed}, for ${args.seconds} s`);
  const report = await run(args);
  const { breaches } = report.counters;
  print(`\n${formatText(tablesOf(report))}\n`);
  for (const breach of breaches.slice(0, 20)) printError(breach);
  if (args.write) await writeGuide(report);
  print(
    `${breaches.length} promises broken` +
      (breaches.length > 0
        ? `: run again with --seed=${args.seed} --seconds=${args.seconds}`
        : ""),
  );
  Deno.exit(breaches.length > 0 ? 1 : 0);
}
