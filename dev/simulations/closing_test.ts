import { openReconnecting } from "@denomas/denomas/reconnect";
import { service, startServer } from "@denomas/denomas/rpc";
import { type Chaos, simulate } from "@denomas/denomas/testing";
import { Books } from "./_books.ts";
import { UNTIL_MS } from "./_chaos.ts";

/** The number of seeds; `deno task simulate` runs more. */
const SEEDS = 5;

/**
 * Longer than all faults of a run together. None of the faults loses anything.
 */
const GRACE_MS = 600_000;

/**
 * All faults together are shorter than the time for which a closing server
 * waits for the first message of a new connection.
 */
const CHAOS: Chaos = {
  ...{ hold: 1, delay: 1, pause: 1, skew: 0.2 },
  ...{ forMs: [50, 1_000], delayMs: [10, 250] },
};

/** Connections are never given up, so that only closing ends them. */
const PATIENCE = {
  ...{ heartbeatMs: Infinity, queueTimeoutMs: 1e9, retryForMs: 1e9 },
  onError: () => {},
};

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function work(books: Books) {
  return service({
    async pay(key: string, onHalf: (key: string) => Promise<string>) {
      books.run(key);
      await wait(Math.random() * 2_000);
      const heard = await onHalf(key);
      await wait(Math.random() * 1_000);
      return heard;
    },
    async *count(last: number): AsyncGenerator<number> {
      for (let number = 1; number <= last; number++) {
        yield number;
        if (number % 10 === 0) await wait(500);
      }
    },
  });
}

simulate("a server that closes with grace answers all that it has begun", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  const books = new Books();
  let isOver = false;
  let closes = 0;
  let counts = 0;
  const counting = new Set<string>();
  sim.node("server", async (node) => {
    for (;;) {
      const server = await startServer("local://server", work(books), {
        heartbeatMs: Infinity,
      });
      await node.sleep(node.between(1_000, 15_000));
      if (isOver) return;
      const closingAt = performance.now();
      await server.close({ graceMs: GRACE_MS });
      const tookMs = performance.now() - closingAt;
      if (tookMs >= GRACE_MS) {
        books.complain(`The close took all of its grace, ${tookMs} ms`);
      }
      if (server.clients.size > 0) {
        books.complain(`A closed server has ${server.clients.size} clients`);
      }
      closes++;
      await node.sleep(node.between(0, 2_000));
    }
  });
  for (const name of ["a", "b", "c"]) {
    sim.node(name, async (node) => {
      for (let number = 1; !isOver; number++) {
        await using client = await openReconnecting<ReturnType<typeof work>>(
          "local://server",
          PATIENCE,
        );
        const { remote } = client;
        const pay = async (part: number) => {
          const key = `${name} ${number} ${part}`;
          const error = await books.call(
            name,
            key,
            () => remote.pay(key, (half) => Promise.resolve(half)),
          );
          if (error !== null) books.complain(`'${key}' fails: ${error}`);
          await node.sleep(node.between(0, 1_000));
        };
        const count = async () => {
          const last = node.between(1, 150);
          counting.add(name);
          let seen = 0;
          try {
            for await (const it of await remote.count(last)) {
              if (it !== ++seen) books.complain(`${it} in place of ${seen}`);
            }
          } catch (error) {
            books.complain(`A stream breaks off: ${error}`);
          }
          if (seen !== last) {
            books.complain(`A stream ends at ${seen} in place of ${last}`);
          }
          counting.delete(name);
          counts++;
        };
        await Promise.all([1, 2, 3].map(pay).concat(count()));
      }
    });
  }
  sim.always(
    "no call fails or runs twice, no stream breaks off",
    () => books.check(),
  );
  sim.sometimes("a server has closed several times", () => closes > 3);
  sim.sometimes(
    "many calls and streams end well",
    () => books.answered > 50 && counts > 10,
  );
  await sim.run();
  isOver = true;
  sim.eventually(
    "all calls have settled",
    () => books.pending === 0 && counting.size === 0,
  );
  await sim.calm({ forMs: 100_000 });
});
