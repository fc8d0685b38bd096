/**
 * Measures channels against a bare loop on the same kind of sockets, and RPC
 * against channels: `deno task bench`. Each subject's server has a process of its own; the
 * clients take turns in this one.
 *
 * A missed target is printed, and is no failure: the exit code is 0.
 *
 * @module
 */
import { Arena } from "./_arena.ts";
import { type Arguments, parseArguments } from "./_args.ts";
import { compare, type Effort, type Outcome } from "./_compare.ts";
import { type Comparison, COMPARISONS } from "./comparisons.ts";
import { describeMachine } from "./_machine.ts";
import { pinClient } from "./_pin.ts";
import { print } from "./_print.ts";
import { formatHeadings, formatOutcome, LEGEND } from "./_report.ts";

const THOROUGH: Effort = { pairs: 25, runMs: 60, loadedRunMs: 150 };
const QUICK: Effort = { pairs: 5, runMs: 20, loadedRunMs: 20 };

/** Windows knows no SIGTERM. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows"
  ? ["SIGINT"]
  : ["SIGINT", "SIGTERM"];

async function measure(args: Arguments): Promise<Outcome[]> {
  await using arena = new Arena({
    flags: args.serverProfiles === null
      ? []
      : ["--cpu-prof", `--cpu-prof-dir=${args.serverProfiles}`],
    isPinned,
  });
  for (const signal of SIGNALS) {
    Deno.addSignalListener(signal, () => {
      arena.abandon();
      Deno.exit(130);
    });
  }
  const outcomes: Outcome[] = [];
  for (const comparison of COMPARISONS) {
    if (!isWanted(comparison, args.only)) continue;
    const effort = args.quick ? QUICK : THOROUGH;
    const outcome = await compare(arena, comparison, effort);
    print(formatOutcome(outcome));
    outcomes.push(outcome);
  }
  return outcomes;
}

function isWanted(comparison: Comparison, only: readonly string[]): boolean {
  const { subject, transport, inFlight } = comparison;
  return only.every((word) =>
    [subject, transport, String(inFlight)].includes(word)
  );
}

function summarizeTargets(outcomes: readonly Outcome[]): string {
  const verdicts = outcomes.flatMap(({ against }) => against?.verdict ?? []);
  const counts = Map.groupBy(verdicts, (verdict) => verdict);
  const parts = [...counts].map(([verdict, { length }]) =>
    `${length} ${verdict}`
  );
  return `Targets: ${parts.join(", ") || "none"}`;
}

/** What runs beside it shows in every figure. */
function warnOfLoad(): void {
  const [load = 0] = Deno.loadavg();
  if (load < 0.5) return;
  print(`The machine is busy (load ${load.toFixed(1)}): expect noise`);
}

function readArguments(): Arguments {
  try {
    return parseArguments(Deno.args);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    print(error.message);
    Deno.exit(2);
  }
}

const args = readArguments();
const isPinned = await pinClient();
print(describeMachine());
print(
  isPinned
    ? "Clients and servers have a core each"
    : "Client and server may share a core: expect noise",
);
warnOfLoad();
print("");
print(formatHeadings());
const outcomes = await measure(args);
print("");
print(LEGEND);
print("");
print(summarizeTargets(outcomes));
if (args.json !== null) {
  const figures = { machine: describeMachine(), outcomes };
  await Deno.writeTextFile(args.json, JSON.stringify(figures, null, 2) + "\n");
}
