import { memoryStore } from "@denomas/denomas/agent";
import {
  containerEngine,
  EngineAgent,
  type Entry,
  memoryEngine,
  StaleEpochError,
} from "@denomas/denomas/cluster";
import { History, keyValue, simulate } from "@denomas/denomas/testing";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** The number of seeds; `deno task simulate` runs more. */
const SEEDS = 3;

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

const encode = (value: string) => new TextEncoder().encode(value);
const decode = (value: Uint8Array) => new TextDecoder().decode(value);

simulate(
  "entries are linearizable, also where their container crashes and restarts",
  {
    seeds: SEEDS,
    untilMs: UNTIL_MS,
    chaos: CHAOS,
  },
  async (sim) => {
    const store = memoryStore();
    const history = new History(keyValue<string>(), { now: () => sim.now });
    let restarts = 0;
    let done = 0;
    sim.node("engine", async (node) => {
      restarts = node.restarts;
      const container = await node.createContainer({ store });
      await container.spawn(EngineAgent);
    });
    for (const name of ["a", "b", "c"]) {
      sim.node(name, async (node) => {
        const engine = await containerEngine("local://engine/engine", {
          timeoutMs: 2_000,
          retryForMs: Infinity,
          onError: () => {},
        });
        // Each life of a node is a separate client in the history.
        const client = `${name} ${node.restarts}`;
        for (let number = 1; sim.now < UNTIL_MS; number++) {
          const key = `k${node.between(1, 2)}`;
          const value = `${client} ${number}`;
          const act = node.between(1, 10);
          try {
            if (act === 1) {
              const input = { key };
              await history.record(
                client,
                "delete",
                input,
                () => engine.remove(key),
              );
            } else if (act === 2) {
              const input = { key, value };
              await history.record(
                client,
                "set",
                input,
                () => engine.put(key, encode(value)),
              );
            } else {
              let entry: Entry | null = null as Entry | null;
              await history.record(client, "get", { key }, async () => {
                entry = await engine.get(key);
                return entry && decode(entry.value);
              });
              const { revision = 0, value: bytes } = entry ?? {};
              const input = {
                key,
                expected: bytes ? decode(bytes) : null,
                value,
              };
              await history.record(
                client,
                "compareAndSet",
                input,
                () =>
                  engine.put(key, encode(value), { expected: revision }).then(
                    () => true,
                    (error) => {
                      if (error instanceof StaleEpochError) {
                        return false;
                      }
                      throw error;
                    },
                  ),
              );
            }
            done++;
          } catch {
            // The history decides whether the write took effect.
          }
          await node.sleep(node.between(100, 1_000));
        }
      });
    }
    sim.sometimes("the container restarts", () => restarts > 0);
    await sim.run();
    if (done < 5) {
      throw new Error(`Only ${done} operations came through`);
    }
    history.assertLinearizable();
  },
);
