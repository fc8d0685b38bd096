import { simulate } from "@denomas/denomas/testing";
import { assert } from "@std/assert";
import { wrapEngine } from "../../agent/fixtures/wrapped_engine.ts";
import type { Engine } from "@denomas/denomas/cluster";
import { runSeed } from "../../testing/simulation/_run.ts";
import { CHAOS } from "./_chaos.ts";
import { runCluster } from "./_cluster.ts";

/** The number of seeds; `deno task simulate` runs more. */
const SEEDS = 3;

const OPTIONS = { untilMs: 40_000, chaos: CHAOS };

simulate(
  "virtual agents lose no acknowledged write, and read none that was replaced",
  { ...OPTIONS, seeds: SEEDS },
  async (sim) => {
    const books = await runCluster(sim);
    books.history.assertLinearizable();
    sim.sometimes("agents move", () => books.moves > 1);
    sim.sometimes("calls fail", () => books.failures > 1);
    sim.sometimes("most calls come through", () => books.writes > 20);
  },
);

/** Returns an engine that accepts writes of a node that was replaced. */
function unchecked(engine: Engine): Engine {
  return wrapEngine(engine, {
    put(key, value, options = {}) {
      const { expected: _, ...rest } = options;
      const isState = key.includes(".agent.");
      return engine.put(key, value, isState ? rest : options);
    },
  });
}

Deno.test("without the check of epochs at the store, the same simulation fails", async () => {
  const { untilMs, chaos } = OPTIONS;
  for (let seed = 1; seed < 20; seed++) {
    const { failure } = await runSeed(async (sim) => {
      const books = await runCluster(sim, { wrap: unchecked });
      books.history.assertLinearizable();
    }, { untilMs, chaos, seed });
    if (failure !== null) return;
  }
  assert(false);
});
