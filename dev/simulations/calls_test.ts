import { openReconnecting } from "@denomas/denomas/reconnect";
import { expose, startServer } from "@denomas/denomas/rpc";
import { simulate } from "@denomas/denomas/testing";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** `deno task simulate` runs more of them. */
const SEEDS = 30;

/** How often each key was run; it outlives crashes, as a disk does. */
type Runs = Map<string, number>;

class Ledger {
  readonly #runs: Runs;

  constructor(runs: Runs) {
    this.#runs = runs;
  }

  /** Must not run twice. */
  @expose
  pay(key: string): string {
    this.#runs.set(key, (this.#runs.get(key) ?? 0) + 1);
    return key;
  }

  /** May run twice, and is called again after a lost connection. */
  @expose({ idempotent: true })
  balance(key: string): string {
    return `${key}: ${this.#runs.get(key) ?? 0}`;
  }
}

simulate("calls over connections that are lost run once, and settle", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  const runs: Runs = new Map();
  const paid = new Set<string>();
  const pending = new Set<string>();
  let problem: string | null = null;
  let isOver = false;
  await sim.node("server", async () => {
    await startServer("local://server", new Ledger(runs));
  });
  for (const name of ["a", "b", "c", "d", "e"]) {
    sim.node(name, async (node) => {
      // What a crash takes does not settle, and need not.
      for (const key of pending) {
        if (key.startsWith(`${name} `)) pending.delete(key);
      }
      const { remote } = await openReconnecting<Ledger>("local://server", {
        ...{
          queueTimeoutMs: 5_000,
          retryForMs: 1e9,
          heartbeatMs: 2_000,
          onError: () => {},
        },
      });
      for (let number = 1; !isOver; number++) {
        const key = `${name} ${node.restarts} ${number}`;
        pending.add(key);
        try {
          const reply = await remote.pay(key);
          if (reply !== key) problem = `'${key}' got the reply to '${reply}'`;
          paid.add(key);
          const [asked] = (await remote.balance(key)).split(":");
          if (asked !== key) problem = `'${key}' got the balance of '${asked}'`;
        } catch {
          // It has settled, which is all that a lost call owes.
        }
        pending.delete(key);
        await node.sleep(node.between(100, 3_000));
      }
    });
  }
  sim.always("no call runs twice, and no reply is another's", () => {
    if (problem !== null) throw new Error(problem);
    return true;
  });
  sim.sometimes("a call that failed has run", () => runs.size > paid.size + 5);
  await sim.run();
  isOver = true;
  sim.eventually("all calls have settled", () => pending.size === 0);
  await sim.calm({ forMs: 120_000 });
  if (paid.size < 20) throw new Error(`Only ${paid.size} calls came through`);
  for (const [key, times] of runs) {
    if (times !== 1) throw new Error(`'${key}' ran ${times} times`);
  }
  for (const key of paid) {
    if (!runs.has(key)) throw new Error(`'${key}' was paid and has not run`);
  }
});
