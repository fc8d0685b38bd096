import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openReconnecting } from "../../../rpc/reconnect/deno.ts";
import { service, startServer } from "../../../rpc/mod.ts";
import { SimulationError } from "../errors.ts";
import { explore } from "../_explore.ts";
import type { SimulationBody } from "../_outcome.ts";
import { History, LinearizabilityError } from "./history.ts";
import { register } from "./models.ts";

/** A store and its clients. With the bug, it answers before it has stored. */
function storeClients({ hasBug }: { hasBug: boolean }): SimulationBody {
  return async (sim) => {
    const disk = { value: 0 };
    const makeStore = (sleep: (ms: number) => Promise<void>) => {
      let value = disk.value;
      return service({
        read: () => value,
        write(next: number) {
          value = next;
          if (!hasBug) disk.value = next;
          else sleep(300).then(() => disk.value = next);
        },
      });
    };
    await sim.node("store", async (node) => {
      await startServer("local://store", makeStore((ms) => node.sleep(ms)));
    });
    const history = new History(register(0));
    let last = 0;
    for (const name of ["ada", "bob"]) {
      sim.node(name, async (node) => {
        const { remote } = await openReconnecting<
          ReturnType<typeof makeStore>
        >("local://store", { onError: () => {}, retryForMs: Infinity });
        for (;;) {
          await node.sleep(node.between(100, 900));
          const next = ++last;
          const call = node.between(1, 2) === 1
            ? history.record(name, "read", undefined, () => remote.read())
            : history.record(name, "write", next, () => remote.write(next));
          await call.catch(() => {});
        }
      });
    }
    await sim.run();
    history.assertLinearizable();
  };
}

const OPTIONS = {
  seeds: Array.from({ length: 20 }, (_, at) => at + 1),
  untilMs: 60_000,
  chaos: { crash: 0.5, reset: 0.5, delay: 0.3 },
};

Deno.test("a history finds in a simulation that a store forgets", async () => {
  const error = await assertRejects(
    () => explore(storeClients({ hasBug: true }), OPTIONS),
    SimulationError,
    "Not linearizable",
  );
  assertEquals(error.cause instanceof LinearizabilityError, true);
  assertStringIncludes(error.faults, "crash:store");
});

Deno.test("a history accepts in a simulation what a mended store does", async () => {
  await explore(storeClients({ hasBug: false }), OPTIONS);
});
