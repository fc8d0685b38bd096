import { openReconnecting } from "@denomas/denomas/reconnect";
import { expose, startServer } from "@denomas/denomas/rpc";
import { simulate } from "@denomas/denomas/testing";
import { Books } from "./_books.ts";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** The number of seeds; `deno task simulate` runs more. */
const SEEDS = 5;

class Ledger {
  readonly #books: Books;

  constructor(books: Books) {
    this.#books = books;
  }

  /** Must not run twice. */
  @expose
  pay(key: string): string {
    this.#books.run(key);
    return key;
  }

  /** May run twice: it is called again after a lost connection. */
  @expose({ idempotent: true })
  balance(key: string): string {
    return `balance of ${key}`;
  }
}

simulate("calls over connections that are lost run once, and settle", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  const books = new Books();
  const asking = new Set<string>();
  /** The numbers of entries left in the tables of each client. */
  const pending = new Map<string, () => number>();
  let isOver = false;
  await sim.node("server", async () => {
    await startServer("local://server", new Ledger(books));
  });
  for (const name of ["a", "b", "c", "d", "e"]) {
    sim.node(name, async (node) => {
      books.crash(name);
      pending.delete(name);
      const client = await openReconnecting<Ledger>("local://server", {
        ...{ queueTimeoutMs: 5_000, retryForMs: 1e9, heartbeatMs: 2_000 },
        onError: () => {},
      });
      pending.set(name, () => client.stats().connection?.pendingCalls ?? 0);
      const { remote } = client;
      for (let number = 1; !isOver; number++) {
        const key = `${name} ${node.restarts} ${number}`;
        await books.call(name, key, () => remote.pay(key));
        asking.add(name);
        const balance = await remote.balance(key).catch(() => null);
        asking.delete(name);
        if (balance !== null && balance !== `balance of ${key}`) {
          books.complain(`'${key}' gets the ${balance}`);
        }
        await node.sleep(node.between(100, 3_000));
      }
      asking.delete(name);
    });
  }
  sim.always(
    "no call runs twice, and no reply is another's",
    () => books.check(),
  );
  sim.sometimes("a call that failed has run", () => books.hasLostAnswer);
  sim.sometimes("many calls come through", () => books.answered > 50);
  await sim.run();
  isOver = true;
  sim.eventually(
    "all calls have settled",
    () => books.pending === 0 && asking.size === 0,
  );
  sim.eventually(
    "no client has a pending call",
    () => [...pending.values()].every((count) => count() === 0),
  );
  await sim.calm({ forMs: 100_000 });
});
