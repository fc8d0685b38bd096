/**
 * Measures denomas against the fastest hand-written code that does the same on
 * the same kind of sockets, and against other libraries: `deno task bench`.
 * Each client and each server runs in its own process; they take turns. A
 * missed target is printed, but does not fail the run.
 *
 * @module
 */
import { print, printError } from "../checks/_print.ts";
import { describeMachine, warnOfLoad } from "../shared/machine.ts";
import { type CompareEffort, Comparer, nameOfComparison } from "./_compare.ts";
import {
  type Figure,
  type FigureEffort,
  type LeftOut,
  measureFigures,
  messageOf,
} from "./_figures.ts";
import { measureCores } from "./_cores.ts";
import { measureGarbage } from "./_garbage.ts";
import {
  formatRanking,
  formatResults,
  type Ranking,
  writeResults,
} from "./_guide.ts";
import { Harness, nameOf, type Transport, type Variant } from "./_harness.ts";
import { measureMemory } from "./_memory.ts";
import { canPin } from "./_pin.ts";
import type { Check } from "./_ratios.ts";
import { summarizeTargets, tableOfChecks } from "./_report.ts";
import { measureStart } from "./_start.ts";
import { comparisons, OVER_PEERS, STALLS } from "./comparisons.ts";
import { describePeer, PEERS } from "./subjects/all.ts";
import {
  formatBytes,
  type Workload,
  workloadName,
  WORKLOADS,
} from "./workloads.ts";

const USAGE = `Usage: deno task bench [OPTION …]

  --quick           few and short runs: to try it out, not to judge by
  --only=WORD,WORD  only what has all of these words, as in --only=tcp,rpc,64;
                    there are subjects; tcp, unix, memory; figures, targets;
                    call, echo, stream, clients, connect; 1, 64, 1024 (in
                    flight), 100, 6000 (clients), 1KiB, 64KiB, 1MiB; peers;
                    bytes, start, garbage, stalls, cores
  --write           put tables and charts into docs/; with --only the new
                    figures take the place of the same ones there`;

/** The effort of a whole run. */
interface Effort {
  readonly figures: FigureEffort;
  readonly comparisons: CompareEffort;
  readonly starts: number;
  /** The number of times to measure the garbage of connects. */
  readonly garbage: number;
}

const THOROUGH: Effort = {
  figures: { rounds: 18, runMs: 7 },
  comparisons: { turns: 91, runMs: 12, limitMs: 8_000 },
  starts: 21,
  garbage: 5,
};

const QUICK: Effort = {
  figures: { rounds: 3, runMs: 10 },
  comparisons: { turns: 5, runMs: 20, limitMs: 8_000 },
  starts: 3,
  garbage: 1,
};

const TRANSPORTS: readonly Transport[] = ["tcp", "unix", "memory"];

/** The results of a run, by kind. */
class Findings {
  readonly checks: Check[] = [];
  readonly figures: Figure[] = [];
  readonly leftOut: LeftOut[] = [];
  readonly rankings: Ranking[] = [];

  /** Whether the filter matched no measurement. */
  get isEmpty(): boolean {
    const { checks, figures, leftOut } = this;
    return checks.length + figures.length + leftOut.length === 0;
  }

  addRanking(ranking: Ranking): void {
    this.rankings.push(ranking);
    print(formatRanking(ranking));
  }

  addChecks(checks: readonly Check[]): void {
    this.checks.push(...checks);
    for (const row of tableOfChecks(checks).slice(1)) {
      print(row.filter(Boolean).join(", "));
    }
  }

  /** Records a failure of `act`, so that the run can continue. */
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

/** Measures one transport, limited to measurements that match all of `only`. */
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

  /** Measures each workload for all variants. */
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

  /** Measures everything that has a target. */
  async measureTargets(harness: Harness): Promise<void> {
    const comparer = new Comparer(harness, this.#effort.comparisons);
    if (this.#transport === "tcp") await this.#measureOverPeers(comparer);
    for (const comparison of comparisons()) {
      const { subject, baseline, transport, workload } = comparison;
      if (transport !== this.#transport) continue;
      const words = [subject, baseline, ...wordsOf(workload)];
      if (!this.#isWanted("targets", transport, ...words)) continue;
      await this.#findings.attempt(nameOfComparison(comparison), async () => {
        this.#findings.addChecks([await comparer.compare(comparison)]);
      });
    }
    if (this.#transport === "tcp") await this.#measureRest(harness, comparer);
  }

  async #measureOverPeers(comparer: Comparer): Promise<void> {
    for (const { subject, workload, target } of OVER_PEERS) {
      const words = [subject, "peers", ...wordsOf(workload)];
      if (!this.#isWanted("targets", "tcp", ...words)) continue;
      const name = workloadName(workload);
      await this.#findings.attempt(`peers, ${name}`, async () => {
        const { rates, leftOut } = await comparer.rank(PEERS, "tcp", workload);
        this.#findings.addRanking({ workload: name, rates, leftOut });
        const [fastest] = rates;
        if (fastest === undefined) return;
        const check = await comparer.compare({
          ...{ subject, workload, target },
          ...{ baseline: fastest.subject, transport: "tcp" },
        });
        const what =
          `${subject} / the fastest peer, which is ${fastest.subject}, ${name}, tcp`;
        this.#findings.addChecks([{ ...check, what }]);
      });
    }
  }

  async #measureRest(harness: Harness, comparer: Comparer): Promise<void> {
    const { starts, garbage, comparisons: { turns } } = this.#effort;
    const parts: [string[], () => Promise<readonly Check[]>][] = [
      [["stalls", STALLS.subject, ...wordsOf(STALLS.workload)], async () => [
        await measureStalls(comparer),
      ]],
      [["bytes"], () => measureMemory(harness)],
      [["cores"], () => measureCores(turns)],
      [["start"], async () => [await measureStart(starts)]],
      [["garbage", "connect"], async () => [await measureGarbage(garbage)]],
    ];
    for (const [words, measure] of parts) {
      if (!this.#isWanted("targets", "tcp", ...words)) continue;
      await this.#findings.attempt(words.join(" "), async () => {
        this.#findings.addChecks(await measure());
      });
    }
  }
}

async function measureStalls(comparer: Comparer): Promise<Check> {
  const { subject, workload, target } = STALLS;
  return {
    what: `${subject}, 99 % of ${workloadName(workload)}, tcp`,
    unit: "µs",
    found: await comparer.p99(subject, "tcp", workload),
    target,
  };
}

/** Returns the baselines, the layers and the peers for a transport. */
function subjectsOver(transport: Transport): string[] {
  const own = ["channel", "rpc", "rpc-msgpack-fast", "agent"];
  switch (transport) {
    case "tcp":
      return [
        ...["raw", "bare", "bare-rpc", ...own, "agent-again", "rpc-msgpack"],
        ...["rpc-websocket", "rpc-nats", ...PEERS],
      ];
    case "unix":
      return ["raw", "bare", "bare-rpc", ...own];
    case "memory":
      return ["codec", "codec-msgpack-fast", ...own];
  }
}

/** Returns the words of `--only` that match a workload. */
function wordsOf(workload: Workload): string[] {
  const { kind } = workload;
  if (kind === "call") return [kind, String(workload.inFlight)];
  if (kind === "clients") return [kind, String(workload.clients)];
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
    // Use new processes: the previous ones still hold clients of other
    // workloads.
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
  if (unknown !== undefined || (writes && isQuick)) {
    printError(USAGE);
    Deno.exit(2);
  }
  print(describeMachine());
  warnOfLoad();
  const [load = 0] = Deno.loadavg();
  const isPinned = await canPin();
  const startedAt = performance.now();
  const findings = await measure(
    isQuick ? QUICK : THOROUGH,
    only?.slice("--only=".length).split(",") ?? [],
    isPinned,
  );
  if (findings.isEmpty) {
    printError(`Nothing has all words of '${only}'\n\n${USAGE}`);
    Deno.exit(2);
  }
  const { checks, figures, leftOut, rankings } = findings;
  const peers: Record<string, string> = {};
  for (const name of PEERS) {
    if (name !== "capnweb-deno") peers[name] = await describePeer(name);
  }
  const results = {
    ...{ checks, figures, leftOut, rankings, peers, isPinned },
    machine: describeMachine(),
    loads: [Number(load.toFixed(1))],
  };
  const minutes = ((performance.now() - startedAt) / 60_000).toFixed(1);
  print(`\n${formatResults(results)}\n`);
  print(`${summarizeTargets(checks)}\n\nThis took ${minutes} minutes`);
  if (writes) await writeResults(results, only === undefined);
}
