import { denoCommand, PeerProcess } from "../shared/peer_process.ts";
import { type Check, measureRatios, summarize } from "./_ratios.ts";

/** The number of calls in a run. */
const CALLS = 200;
/** The time limit on a busy machine, in ms. */
const LIMIT_MS = 30_000;

/**
 * Measures calls that work for 0.3 ms, served by one process and by two
 * processes that share its port. Processes are not pinned, since there may be
 * only two cores.
 */
export async function measureCores(turns: number): Promise<Check[]> {
  await using stack = new AsyncDisposableStack();
  const start = (name: string, ...args: string[]) =>
    stack.use(
      new PeerProcess(
        denoCommand(new URL(`programs/${name}.ts`, import.meta.url), args, [
          "--unstable-net",
        ]),
        { limitMs: 60_000 },
      ),
    );
  const alone = await start("shared_port", "tcp://127.0.0.1:0").first;
  const shared = await start("shared_port", "tcp://127.0.0.1:0").first;
  const second = start("shared_port", shared);
  const client = start("shared_port_client");
  const rates = { [alone]: [] as number[], [shared]: [] as number[] };
  const run = (address: string) => async () => {
    const ms = await client.ask<number>("run", { address, calls: CALLS });
    rates[address]!.push(CALLS / ms * 1_000);
    // All pairs count: with two cores, these processes also wait for each
    // other.
    return { value: ms, waitedUs: 0 };
  };
  await second.first;
  const ratios = await measureRatios(
    turns,
    run(shared),
    run(alone),
    LIMIT_MS,
  );
  const what = "calls that work for 0.3 ms, tcp";
  return [
    {
      what: `rpc by 2 processes / by 1, ${what}`,
      unit: "× rate",
      found: summarize(ratios),
      target: { atLeast: 1.6 },
    },
    ...([["1 process", alone], ["2 processes", shared]] as const).map((
      [name, address],
    ): Check => ({
      what: `rpc by ${name}, ${what}`,
      unit: "calls/s",
      found: summarize(rates[address]!),
      target: null,
    })),
  ];
}
