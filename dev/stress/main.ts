/**
 * Storms, killed processes, load, floods and fuzzing for some time, in which
 * every promise must hold:
 * `deno task stress --seconds=N --seed=S`. Ends with exit code 1 on any breach.
 *
 * @module
 */
import { describeMachine } from "../shared/machine.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { fastMsgpack } from "../../channel/codecs/msgpack/fast/fast_msgpack.ts";
import { randomInteger, seededRandom } from "../../testing/network/_random.ts";
import { print, printError } from "../checks/_print.ts";
import { writeSection } from "../checks/section.ts";
import { formatMarkdown, formatText } from "../shared/tables.ts";
import { type Arguments, parseArguments } from "./_args.ts";
import { heapBytes, isRising } from "../shared/heap.ts";
import { hostileFrames, lost, type Report, tablesOf } from "./_report.ts";
import { Tally } from "./_tally.ts";
import { describeTrial, runTrial, type Trial } from "./_trial.ts";
import { lastTrials, trialsOfLap } from "./trials.ts";

/** After each lap but those that warm up the heap is sampled. */
const LAPS = 7;
/** So many laps go until V8 has compiled nearly all that runs. */
const WARM_UP_LAPS = 2;
/** What a share of the time must be at least, in milliseconds. */
const LEAST_MS = 20;
/** A run is a long one from so many seconds on. */
const LONG_SECONDS = 300;
/** How many hostile frames a run of two minutes sends at least. */
const HOSTILE_FRAMES = 200_000;
const CODECS = [json(), msgpack(), fastMsgpack()];

async function run(args: Arguments): Promise<Report> {
  const { seconds, seed, only } = args;
  const isChosen = (trial: Trial) => describeTrial(trial).includes(only);
  const laps = Array<Trial[]>(LAPS).fill(trialsOfLap().filter(isChosen));
  const rounds = [...laps, lastTrials().filter(isChosen)];
  let sharesLeft = rounds.flat().reduce((sum, { share }) => sum + share, 0);
  const end = performance.now() + seconds * 1_000;
  const random = seededRandom(seed);
  const tally = new Tally();
  const heap: number[] = [];
  for (const [round, trials] of rounds.entries()) {
    for (const [index, trial] of trials.entries()) {
      // What trials take beyond their time, as to close, others do without.
      const leftMs = Math.max(LEAST_MS * sharesLeft, end - performance.now());
      await runTrial(trial, {
        codec: CODECS[(round + index) % CODECS.length]!,
        seed: randomInteger(random, 0, 2 ** 32 - 1),
        timeMs: leftMs * trial.share / sharesLeft,
        isLong: seconds >= LONG_SECONDS,
        runSeconds: seconds,
        tally,
      });
      sharesLeft -= trial.share;
    }
    if (round >= WARM_UP_LAPS && round < LAPS) heap.push(await heapBytes());
  }
  if (lost(tally) !== 0) {
    tally.breach(`${lost(tally)} calls were lost without an error`);
  }
  const frames = hostileFrames(tally);
  if (only === "" && frames < HOSTILE_FRAMES * Math.min(1, seconds / 120)) {
    tally.breach(`only ${frames} hostile frames were sent`);
  }
  if (isRising(heap)) tally.breach(`the heap grows: ${heap.join(", ")} bytes`);
  return { seed, seconds, tally, heap };
}

/** Puts the figures into the guide. */
async function writeGuide(report: Report): Promise<void> {
  const { seed, seconds, tally } = report;
  const content = [
    `Taken with seed ${seed} in ${seconds} seconds, on ${describeMachine()}. ` +
    `Promises that were broken: ${tally.breaches.length}.`,
    formatMarkdown(tablesOf(report)),
  ].join("\n\n");
  await writeSection("reliability.md", "stress --write", content);
}

if (import.meta.main) {
  const args = parseArguments(Deno.args);
  print(`Seed ${args.seed}, for ${args.seconds} s`);
  const report = await run(args);
  const { breaches } = report.tally;
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
