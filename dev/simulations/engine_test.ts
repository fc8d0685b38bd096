import { memoryEngine, StaleEpochError } from "@denomas/denomas/cluster";
import { simulate } from "@denomas/denomas/testing";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** `deno task simulate` runs more of them. */
const SEEDS = 20;

const LEASE_MS = 5_000;

/** A node's belief that it holds the lease. */
interface Term {
  readonly epoch: number;
  readonly until: number;
}

simulate("a lease has one holder at a time, whatever nodes and network do", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  const engine = await memoryEngine();
  const terms = new Map<string, Term>();
  const epochs = new Map<number, string>();
  const seen = new Map<string, number>();
  let problem: string | null = null;
  for (const name of ["a", "b", "c"]) {
    sim.node(name, async (node) => {
      terms.delete(name);
      const own = await memoryEngine(engine);
      const value = new TextEncoder().encode(name);
      const follow = (): Promise<unknown> =>
        own.watch("", (change) => {
          const revision = change.kind === "put" ? change.entry.revision : 0;
          seen.set(name, revision);
        }).catch(follow);
      follow();
      let epoch = 0;
      for (;;) {
        const askedAt = sim.now;
        try {
          const expected = epoch;
          epoch = await own.put("lead", value, { expected, leaseMs: LEASE_MS });
          const other = epochs.get(epoch);
          if (other !== undefined) {
            problem = `${epoch} is of ${other} and ${name}`;
          }
          epochs.set(epoch, name);
          terms.set(name, { epoch, until: askedAt + LEASE_MS });
        } catch (error) {
          epoch = 0;
          if (!(error instanceof StaleEpochError)) terms.delete(name);
        }
        await node.sleep(node.between(500, 2_000));
      }
    });
  }
  sim.always("no two nodes hold the lease", () => {
    if (problem !== null) throw new Error(problem);
    const holders = [...terms.values()].filter(({ until }) => until > sim.now);
    return holders.length <= 1;
  });
  sim.sometimes("the lease changes hands", () => terms.size > 1);
  await sim.run();
  sim.eventually("all know the newest", () => {
    const newest = Math.max(...epochs.keys());
    return [...seen.values()].every((it) => it === newest) && seen.size === 3;
  });
  await sim.calm({ forMs: 60_000 });
});
