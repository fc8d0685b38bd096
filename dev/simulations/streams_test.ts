import { ConnectionClosedError } from "@denomas/denomas/channel";
import { openReconnecting } from "@denomas/denomas/reconnect";
import { service, startServer } from "@denomas/denomas/rpc";
import { simulate } from "@denomas/denomas/testing";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** The number of seeds; `deno task simulate` runs more. */
const SEEDS = 5;

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const OPTIONS = { heartbeatMs: 2_000 };

/** The generators that have started but not run their `finally`. */
class Running {
  readonly #nodes = new Map<object, string>();

  /** The number of such generators, except those of crashed nodes. */
  get size(): number {
    return this.#nodes.size;
  }

  crash(node: string): void {
    for (const [it, by] of this.#nodes) if (by === node) this.#nodes.delete(it);
  }

  async *of<T>(node: string, items: AsyncIterable<T>): AsyncGenerator<T> {
    const it = {};
    this.#nodes.set(it, node);
    try {
      yield* items;
    } finally {
      this.#nodes.delete(it);
    }
  }
}

/** Yields numbers, with occasional pauses. */
async function* count(
  first: number,
  last: number,
  pauseMs: number,
): AsyncGenerator<number> {
  for (let number = first; number <= last; number++) {
    if (number % 50 === 0) await wait(pauseMs);
    yield number;
  }
}

function numbers(running: Running) {
  return service({
    from: (first: number) => running.of("server", count(first, Infinity, 500)),
    async sum(values: AsyncIterable<number>): Promise<number> {
      let sum = 0;
      for await (const value of values) sum += value;
      return sum;
    },
  });
}

simulate("streams lose and double nothing, both ways, until they break", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  const running = new Running();
  let problem: string | null = null;
  let isOver = false;
  let sums = 0;
  let breaks = 0;
  const busy = new Set<string>();
  await sim.node("server", async () => {
    running.crash("server");
    await startServer("local://server", numbers(running), OPTIONS);
  });
  for (const name of ["a", "b", "c"]) {
    sim.node(name, async (node) => {
      busy.delete(name);
      running.crash(name);
      const { remote } = await openReconnecting<ReturnType<typeof numbers>>(
        "local://server",
        {
          ...OPTIONS,
          // Small, so that the credit of streams runs out.
          streamWindow: { items: node.between(1, 32), bytes: 1e6 },
          ...{ queueTimeoutMs: 5_000, retryForMs: 1e9, onError: () => {} },
        },
      );
      while (!isOver) {
        busy.add(name);
        let expected = node.between(0, 1_000);
        const last = expected + node.between(10, 400);
        try {
          for await (const number of await remote.from(expected)) {
            if (number !== expected++) {
              problem = `${name} got ${number} in place of ${expected - 1}`;
            }
            if (number >= last) break;
          }
          const most = node.between(1, 200);
          const sum = await remote.sum(running.of(name, count(1, most, 100)));
          if (sum !== most * (most + 1) / 2) {
            problem = `${name} got the sum ${sum} up to ${most}`;
          }
          sums++;
        } catch (error) {
          breaks++;
          if (!(error instanceof ConnectionClosedError)) {
            problem = `A stream of ${name} breaks by ${error}`;
          }
        }
        busy.delete(name);
        await node.sleep(node.between(100, 5_000));
      }
    });
  }
  sim.always("no value is lost or doubled", () => {
    if (problem !== null) throw new Error(problem);
    return true;
  });
  sim.sometimes("a stream breaks", () => breaks > 0);
  sim.sometimes("many sums arrive", () => sums > 10);
  await sim.run();
  isOver = true;
  sim.eventually("all streams have ended", () => busy.size === 0);
  sim.eventually(
    "all generators have run their 'finally'",
    () => running.size === 0,
  );
  await sim.calm({ forMs: 100_000 });
});
