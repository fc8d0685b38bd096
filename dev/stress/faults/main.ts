/**
 * Subjects reconnecting clients to real faults, and prints how long their calls
 * and their recovery take: `deno task faults`. Ends with exit code 1 if a
 * guarantee is violated.
 *
 * @module
 */
import { print, printError } from "../../checks/_print.ts";
import { writeSection } from "../../checks/section.ts";
import { formatMarkdown, formatText } from "../../shared/tables.ts";
import { breachesOf, type Outcome, tableOf } from "./_outcome.ts";
import { FULL, QUICK } from "./_scale.ts";
import { TRIALS } from "./trials.ts";

const USAGE = `Usage: deno task faults [OPTION …]

  --quick       with short heartbeats, in seconds; default some four minutes
  --only=WORD   only trials whose name holds it, as in --only=wire
  --write       put the figures into docs/reliability.md`;

/** The arguments of a run. */
interface Arguments {
  readonly isQuick: boolean;
  readonly only: string;
  readonly write: boolean;
}

function parseArguments(args: readonly string[]): Arguments {
  const only = args.find((arg) => arg.startsWith("--only="))?.slice(7) ?? "";
  const unknown = args.find((arg) =>
    !["--quick", "--write"].includes(arg) && !arg.startsWith("--only=")
  );
  if (unknown !== undefined) {
    throw new TypeError(`Reading '${unknown}': unknown argument\n\n${USAGE}`);
  }
  const isQuick = args.includes("--quick");
  return { isQuick, only, write: args.includes("--write") };
}

/** Runs the trials, and returns the violated guarantees. */
async function run({ isQuick, only, write }: Arguments): Promise<string[]> {
  const scale = isQuick ? QUICK : FULL;
  const outcomes: Outcome[] = [];
  for (const { name, missing, run } of TRIALS) {
    if (!name.includes(only)) continue;
    const lacking = await missing?.() ?? null;
    if (lacking === null) outcomes.push(...await run(scale));
    else print(`Skipped '${name}', which needs ${lacking}`);
  }
  const tables = [tableOf(outcomes)];
  print(formatText(tables));
  if (write) {
    const day = new Date().toISOString().slice(0, 10);
    const cores = navigator.hardwareConcurrency;
    const words = `Taken on ${day}, on ${Deno.build.os} with ${cores} cores:`;
    const content = `${words}\n\n${formatMarkdown(tables)}`;
    await writeSection("reliability.md", "faults", content);
  }
  return outcomes.flatMap((it) => breachesOf(it));
}

if (import.meta.main) {
  let args: Arguments;
  try {
    args = parseArguments(Deno.args);
  } catch (error) {
    printError((error as Error).message);
    Deno.exit(2);
  }
  const breaches = await run(args);
  for (const breach of breaches) printError(`Broken: ${breach}`);
  print(`${breaches.length} promises broken`);
  Deno.exit(breaches.length === 0 ? 0 : 1);
}
