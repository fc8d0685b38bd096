/**
 * Measures denomas against the least that does the same on the same kind of
 * sockets, and against other libraries: `deno task bench`. Each client and
 * each server has a process of its own; they take turns.
 *
 * A missed target is printed, and is no failure: the exit code is 0.
 *
 * @module
 */
import { print, printError } from "./_print.ts";
import { type Arguments, parseArguments } from "./_args.ts";
import { formatResults, writeResults } from "./_guide.ts";
import { describeMachine, warnOfLoad } from "../shared/machine.ts";
import { type Effort, Measurement } from "./_measure.ts";
import { canPin } from "./_pin.ts";
import { summarizeTargets } from "./_report.ts";
import type { Results } from "./_results.ts";
import { describePeer, peerNames } from "./subjects/all.ts";

const THOROUGH: Effort = {
  figures: { rounds: 5, runMs: 100 },
  comparisons: { pairs: 25, runMs: 60, loadedRunMs: 150 },
  kills: 50,
  starts: 21,
};

const QUICK: Effort = {
  figures: { rounds: 2, runMs: 20 },
  comparisons: { pairs: 5, runMs: 20, loadedRunMs: 20 },
  kills: 5,
  starts: 3,
};

const LEGEND = `\
found, quartiles  the median, and between what half of the measurements lie; a
                  ratio is that of pairs of runs, each right after the other
noise             what noise alone can do: how far a side strays from itself
CPU               of all threads of a process, divided by what it did
at most           the most memory of the process, with Deno itself in it`;

async function measure(args: Arguments): Promise<Results> {
  const isPinned = await canPin();
  print(
    isPinned
      ? "Clients and servers have a core each"
      : "Client and server may share a core: expect noise",
  );
  const effort = args.quick ? QUICK : THOROUGH;
  const measurement = new Measurement(args, effort, isPinned);
  return {
    machine: describeMachine(),
    peers: await describePeers(),
    command: ["deno task bench", ...Deno.args.filter(isOfMeasuring)].join(" "),
    isPinned,
    ...await measurement.run(),
  };
}

/** Where figures are written to does not change them. */
function isOfMeasuring(arg: string): boolean {
  return !arg.startsWith("--json=");
}

async function describePeers(): Promise<Record<string, string>> {
  const peers: Record<string, string> = {};
  for (const name of await peerNames()) peers[name] = await describePeer(name);
  return peers;
}

function readArguments(): Arguments {
  try {
    return parseArguments(Deno.args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    printError(error.message);
    Deno.exit(2);
  }
}

if (import.meta.main) {
  const args = readArguments();
  print(describeMachine());
  warnOfLoad();
  const results = await measure(args);
  print(`\n${formatResults(results)}\n\n${LEGEND}\n`);
  print(summarizeTargets(results.checks));
  if (args.json !== null) {
    const text = JSON.stringify(results, null, 2) + "\n";
    await Deno.writeTextFile(args.json, text);
  }
  if (args.write) await writeResults(results);
}
