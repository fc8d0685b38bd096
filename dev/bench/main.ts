/**
 * Measures denomas against the least that does the same on the same kind of
 * sockets, and against other libraries: `deno task bench`. Each client and
 * each server has a process of its own; they take turns. A missed target is
 * printed and is no failure.
 *
 * @module
 */
import { print, printError } from "../checks/_print.ts";
import { describeMachine, warnOfLoad } from "../shared/machine.ts";
import { type CompareEffort, Comparer } from "./_compare.ts";
import {
  type Figure,
  type FigureEffort,
  type LeftOut,
  measureFigures,
  messageOf,
} from "./_figures.ts";
import { formatResults, writeResults } from "./_guide.ts";
import { Harness, nameOf, type Transport, type Variant } from "./_harness.ts";
import { measureMemory } from "./_memory.ts";
import { canPin } from "./_pin.ts";
import type { Check } from "./_ratios.ts";
import { summarizeTargets, tableOfChecks } from "./_report.ts";
import { measureStart } from "./_start.ts";
import { type Comparison, comparisons, fastestPeer } from "./comparisons.ts";
import { describePeer, PEERS } from "./subjects/all.ts";
import { formatBytes, type Workload, WORKLOADS } from "./workloads.ts";

const USAGE = `Usage: deno task bench [OPTION …]

  --quick           few and short runs: to try it out, not to judge by
  --only=WORD,WORD  only what has all of these words, as in --only=tcp,rpc,64;
                    there are subjects; tcp, unix, memory; figures, targets;
                    call, echo, stream, clients, connect; 1, 64, 1024 (in
                    flight), 1KiB, 64KiB, 1MiB; bytes, start
  --write           put tables and charts into docs/performance.md`;

/** How thoroughly to measure all. */
interface Effort {
  readonly figures: FigureEffort;
  readonly comparisons: CompareEffort;
  readonly starts: number;
}

const THOROUGH: Effort = {
  figures: { rounds: 5, runMs: 100 },
  comparisons: { turns: 25, runMs: 60, loadedRunMs: 150 },
  starts: 21,
};

const QUICK: Effort = {
  figures: { rounds: 2, runMs: 20 },
  comparisons: { turns: 5, runMs: 20, loadedRunMs: 20 },
  starts: 3,
};

const TRANSPORTS: readonly Transport[] = ["tcp", "unix", "memory"];
const LAYERS = ["channel", "rpc", "agent"];
const SUFFIXES = ["", "-msgpack", "-msgpack-fast"];

/** The findings of a run, by kind. */
class Findings {
  readonly checks: Check[] = [];
  readonly figures: Figure[] = [];
  readonly leftOut: LeftOut[] = [];

  addChecks(checks: readonly Check[]): void {
    this.checks.push(...checks);
    for (const row of tableOfChecks(checks).slice(1)) {
      print(row.filter(Boolean).join(", "));
    }
  }

  /** Notes the failure of `act`, so that the rest goes on. */
  async attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const why = messageOf(error);
      print(`Left out: ${what}: ${why}`);
      this.leftOut.push({ what, why });
    }
  }
}

/** Measures one transport; a `--only` leaves out what lacks one of `only`. */
class Measurement {
  readonly #transport: Transport;
  readonly #effort: Effort;
  readonly #only: readonly string[];
  readonly #findings: Findings;

  constructor(
    transport: Transport,
    effort: Effort,
    only: readonly string[],
    findings: Findings,
  ) {
    this.#transport = transport;
    this.#effort = effort;
    this.#only = only;
    this.#findings = findings;
  }

  #isWanted(...words: string[]): boolean {
    return this.#only.every((word) => words.includes(word));
  }

  /** Measures each workload of all variants. */
  async measureFigures(harness: Harness): Promise<void> {
    const isWanted = (subject: string, workload: Workload) =>
      this.#isWanted(
        ...["figures", subject, this.#transport],
        ...wordsOf(workload),
      );
    const variants: Variant[] = [];
    for (const subject of subjectsOver(this.#transport)) {
      if (!WORKLOADS.some((it) => isWanted(subject, it.workload))) continue;
      const variant = { subject, transport: this.#transport };
      await this.#findings.attempt(nameOf(variant), async () => {
        await harness.pair(variant);
        variants.push(variant);
      });
    }
    for (const { title, workload } of WORKLOADS) {
      const chosen = variants.filter((it) => isWanted(it.subject, workload));
      if (chosen.length === 0) continue;
      print(`${title}, over ${this.#transport} …`);
      const { figures, leftOut } = await measureFigures(
        harness,
        chosen,
        workload,
        this.#effort.figures,
      );
      this.#findings.figures.push(...figures);
      this.#findings.leftOut.push(...leftOut);
    }
  }

  /** Measures all that has a target. */
  async measureTargets(harness: Harness): Promise<void> {
    const comparer = new Comparer(harness, this.#effort.comparisons);
    const overPeers = new Map<string, Check>();
    for (const comparison of comparisons(PEERS)) {
      if (!this.#isCompared(comparison)) continue;
      const { subject, baseline } = comparison;
      await this.#findings.attempt(`${subject} / ${baseline}`, async () => {
        const check = await comparer.compare(comparison);
        this.#findings.addChecks([check]);
        if (PEERS.includes(baseline)) overPeers.set(baseline, check);
      });
    }
    const fastest = fastestPeer(overPeers);
    if (fastest !== null) this.#findings.addChecks([fastest]);
    if (this.#transport === "tcp") await this.#measureRest(harness);
  }

  #isCompared(comparison: Comparison): boolean {
    const { subject, baseline, transport, workload } = comparison;
    return transport === this.#transport && this.#isWanted(
      ...["targets", subject, baseline, transport],
      ...wordsOf(workload),
    );
  }

  async #measureRest(harness: Harness): Promise<void> {
    if (this.#isWanted("targets", "tcp", "bytes")) {
      await this.#findings.attempt("bytes", async () => {
        this.#findings.addChecks(await measureMemory(harness));
      });
    }
    if (this.#isWanted("targets", "start")) {
      await this.#findings.attempt("start", async () => {
        this.#findings.addChecks([await measureStart(this.#effort.starts)]);
      });
    }
  }
}

/** Returns the yardsticks, the layers and the peers over one transport. */
function subjectsOver(transport: Transport): string[] {
  const layers = LAYERS.flatMap((it) => SUFFIXES.map((suffix) => it + suffix));
  if (transport === "memory") {
    return [...SUFFIXES.map((suffix) => `codec${suffix}`), ...layers];
  }
  const peers = transport === "tcp" ? PEERS : [];
  return ["raw", "bare", ...layers, ...peers];
}

/** Returns the words of `--only` that fit a workload. */
function wordsOf(workload: Workload): string[] {
  const { kind } = workload;
  if (kind === "call") return [kind, String(workload.inFlight)];
  if (kind !== "echo") return [kind];
  return [kind, formatBytes(workload.bytes).replace(" ", "")];
}

async function measure(
  effort: Effort,
  only: readonly string[],
  isPinned: boolean,
): Promise<Findings> {
  const findings = new Findings();
  for (const transport of TRANSPORTS) {
    const measurement = new Measurement(transport, effort, only, findings);
    {
      await using harness = new Harness(isPinned);
      await measurement.measureFigures(harness);
    }
    // New processes: the others still have the clients of other workloads.
    await using harness = new Harness(isPinned);
    await measurement.measureTargets(harness);
  }
  return findings;
}

if (import.meta.main) {
  const unknown = Deno.args.find((arg) =>
    !/^--(quick|write|only=.+)$/.test(arg)
  );
  const only = Deno.args.find((arg) => arg.startsWith("--only="));
  const isQuick = Deno.args.includes("--quick");
  const writes = Deno.args.includes("--write");
  if (unknown !== undefined || (writes && (isQuick || only !== undefined))) {
    printError(USAGE);
    Deno.exit(2);
  }
  print(describeMachine());
  warnOfLoad();
  const isPinned = await canPin();
  const { checks, figures, leftOut } = await measure(
    isQuick ? QUICK : THOROUGH,
    only?.slice("--only=".length).split(",") ?? [],
    isPinned,
  );
  const peers: Record<string, string> = {};
  for (const name of PEERS) peers[name] = await describePeer(name);
  const results = {
    ...{ checks, figures, leftOut, peers, isPinned },
    machine: describeMachine(),
    command: ["deno task bench", ...Deno.args].join(" "),
  };
  print(`\n${formatResults(results)}\n`);
  print(summarizeTargets(checks));
  if (writes) await writeResults(results);
}
