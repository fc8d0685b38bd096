import { print } from "./_print.ts";
import { Arena, type Transport, type Variant } from "./_arena.ts";
import type { Arguments } from "./_args.ts";
import { type CompareEffort, Comparer } from "./_compare.ts";
import {
  type FigureEffort,
  measureFigures,
  measureFootprint,
  nameOf,
} from "./_figures.ts";
import { measureKills } from "./_kill.ts";
import { measureMemory } from "./_memory.ts";
import { tableOfChecks } from "./_report.ts";
import type { Results } from "./_results.ts";
import { measureStart } from "./_start.ts";
import type { Check } from "./_check.ts";
import { type Comparison, comparisons, fastestPeer } from "./comparisons.ts";
import { peersOver, TRANSPORTS, variantsOver } from "./variants.ts";
import { formatBytes, type Workload, WORKLOADS } from "./workloads.ts";

/** How thoroughly to measure all. */
export interface Effort {
  readonly figures: FigureEffort;
  readonly comparisons: CompareEffort;
  readonly kills: number;
  readonly starts: number;
}

/** What there is to tell, growing. */
type Findings = {
  -readonly [
    K in "checks" | "figures" | "footprints" | "leftOut"
  ]: Results[K][number][];
};

/** Measures all that is asked for, one transport after another. */
export class Measurement {
  readonly #args: Arguments;
  readonly #effort: Effort;
  readonly #isPinned: boolean;
  readonly #findings: Findings = {
    checks: [],
    figures: [],
    footprints: [],
    leftOut: [],
  };

  constructor(args: Arguments, effort: Effort, isPinned: boolean) {
    this.#args = args;
    this.#effort = effort;
    this.#isPinned = isPinned;
  }

  /** Does it, and prints each check. */
  async run(): Promise<Findings> {
    for (const transport of TRANSPORTS) {
      await this.#measureFigures(transport);
      await this.#measureTargets(transport);
    }
    return this.#findings;
  }

  #openArena(): Arena {
    return new Arena({
      isPinned: this.#isPinned,
      serverProfiles: this.#args.serverProfiles,
    });
  }

  async #measureFigures(transport: Transport): Promise<void> {
    await using arena = this.#openArena();
    const variants = await this.#standing(arena, transport);
    if (variants.length === 0) return;
    for (const named of WORKLOADS) {
      const words = wordsOf(named.workload);
      const chosen = variants.filter((variant) =>
        this.#isWanted(["figures", variant.subject, transport, ...words])
      );
      if (chosen.length === 0) continue;
      print(`${named.title}, over ${transport} …`);
      const { figures, leftOut } = await measureFigures(
        arena,
        chosen,
        named,
        this.#effort.figures,
      );
      this.#findings.figures.push(...figures);
      this.#findings.leftOut.push(...leftOut);
    }
    for (const variant of variants) {
      await this.#attempt(
        `${nameOf(variant)}, wire and memory`,
        async () => {
          const footprint = await measureFootprint(arena, variant);
          this.#findings.footprints.push(footprint);
        },
      );
    }
  }

  /** Those that start. */
  async #standing(arena: Arena, transport: Transport): Promise<Variant[]> {
    const standing: Variant[] = [];
    for (const variant of await variantsOver(transport)) {
      const isWanted = WORKLOADS.some(({ workload }) =>
        this.#isWanted([
          ...["figures", variant.subject, transport],
          ...wordsOf(workload),
        ])
      );
      if (!isWanted) continue;
      await this.#attempt(nameOf(variant), async () => {
        await arena.stand(variant);
        standing.push(variant);
      });
    }
    return standing;
  }

  /**
   * By processes of their own: those of the figures still have a hundred
   * clients of another workload, and some do not survive that of connecting.
   */
  async #measureTargets(transport: Transport): Promise<void> {
    await using arena = this.#openArena();
    await this.#compare(arena, transport);
    if (transport === "tcp") await this.#measureRest(arena);
  }

  async #compare(arena: Arena, transport: Transport): Promise<void> {
    const peers = await peersOver("tcp");
    const comparer = new Comparer(arena, this.#effort.comparisons);
    const overPeers = new Map<string, Check>();
    for (const comparison of comparisons(peers)) {
      const isHere = comparison.transport === transport;
      if (!isHere || !this.#isWanted(wordsOfComparison(comparison))) continue;
      const { subject, baseline } = comparison;
      await this.#attempt(`${subject} / ${baseline}`, async () => {
        const check = await comparer.compare(comparison);
        this.#addChecks([check]);
        if (peers.includes(baseline)) overPeers.set(baseline, check);
      });
    }
    const fastest = fastestPeer(overPeers);
    if (fastest !== null) this.#addChecks([fastest]);
  }

  async #measureRest(arena: Arena): Promise<void> {
    const { kills, starts } = this.#effort;
    if (this.#isWanted(["targets", "tcp", "killed"])) {
      await this.#attempt("killed", async () => {
        this.#addChecks(await measureKills(arena, kills));
      });
    }
    if (this.#isWanted(["targets", "tcp", "bytes"])) {
      await this.#attempt("bytes", async () => {
        this.#addChecks(await measureMemory(arena));
      });
    }
    if (this.#isWanted(["targets", "start"])) {
      await this.#attempt("start", async () => {
        this.#addChecks([await measureStart(starts)]);
      });
    }
  }

  /** What fails is told, and the rest goes on. */
  async #attempt(what: string, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      print(`Left out: ${what}: ${why}`);
      this.#findings.leftOut.push({ what, why });
    }
  }

  #addChecks(checks: readonly Check[]): void {
    this.#findings.checks.push(...checks);
    for (const row of tableOfChecks(checks).slice(1)) {
      print(row.filter(Boolean).join(", "));
    }
  }

  #isWanted(words: readonly string[]): boolean {
    return this.#args.only.every((word) => words.includes(word));
  }
}

function wordsOfComparison(comparison: Comparison): string[] {
  const { subject, baseline, transport, workload } = comparison;
  return ["targets", subject, baseline, transport, ...wordsOf(workload)];
}

/** What `--only` may say of a workload. */
function wordsOf(workload: Workload): string[] {
  const { kind } = workload;
  if (kind === "call") return [kind, String(workload.inFlight)];
  if (kind !== "echo") return [kind];
  return [kind, formatBytes(workload.bytes).replace(" ", "")];
}
