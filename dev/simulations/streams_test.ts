import { openReconnecting } from "@denomas/denomas/reconnect";
import { service, startServer } from "@denomas/denomas/rpc";
import { simulate } from "@denomas/denomas/testing";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** `deno task simulate` runs more of them. */
const SEEDS = 5;

const numbers = service({
  async *from(first: number): AsyncGenerator<number> {
    for (let number = first;; number++) {
      yield number;
      // Bursts, so that the credit of the stream runs out.
      if (number % 50 === 0) {
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
    }
  },
  async sum(values: AsyncIterable<number>): Promise<number> {
    let sum = 0;
    for await (const value of values) sum += value;
    return sum;
  },
});

async function* upTo(last: number): AsyncGenerator<number> {
  for (let number = 1; number <= last; number++) {
    if (number % 20 === 0) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    yield number;
  }
}

simulate("streams lose and double nothing, both ways, until they break", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  let problem: string | null = null;
  let isOver = false;
  let sums = 0;
  let breaks = 0;
  const busy = new Set<string>();
  await sim.node("server", async () => {
    await startServer("local://server", numbers);
  });
  for (const name of ["a", "b", "c"]) {
    sim.node(name, async (node) => {
      busy.delete(name);
      const { remote } = await openReconnecting<typeof numbers>(
        "local://server",
        {
          queueTimeoutMs: 5_000,
          retryForMs: 1e9,
          heartbeatMs: 2_000,
          onError: () => {},
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
          const count = node.between(1, 200);
          const sum = await remote.sum(upTo(count));
          if (sum !== count * (count + 1) / 2) {
            problem = `${name} got the sum ${sum} up to ${count}`;
          }
          sums++;
        } catch {
          breaks++;
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
  await sim.calm({ forMs: 200_000 });
  if (sums < 3) throw new Error(`Only ${sums} sums came through`);
});
