import { simulate, type SimulateOptions } from "@denomas/denomas/testing";
import { assert } from "@std/assert";
import { wrapEngine } from "../../agent/fixtures/wrapped_engine.ts";
import type { Engine } from "@denomas/denomas/cluster";
import { explore } from "../../testing/simulation/_explore.ts";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";
import { runCluster } from "./_cluster.ts";

/** `deno task simulate` runs more of them. */
const SEEDS = 3;

const OPTIONS: SimulateOptions = { untilMs: UNTIL_MS, chaos: CHAOS };

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

/** Lets a node that was replaced write. */
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
  for (let seed = 1; seed < 20; seed++) {
    try {
      await explore(async (sim) => {
        const books = await runCluster(sim, { wrap: unchecked });
        books.history.assertLinearizable();
      }, { ...OPTIONS, seeds: [seed], isShrunk: false });
    } catch {
      return;
    }
  }
  assert(false);
});
