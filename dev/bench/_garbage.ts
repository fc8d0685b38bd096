import { denoCommand } from "../shared/peer_process.ts";
import { type Check, summarize } from "./_ratios.ts";

/** The number of connections that are opened, used for a call and closed. */
const CONNECTS = 10_000;

/**
 * Measures the time V8 spends collecting garbage while RPC connects, calls and
 * closes, divided by the time for the bare loop.
 */
export async function measureGarbage(rounds: number): Promise<Check> {
  const ratios: number[] = [];
  while (ratios.length < rounds) {
    ratios.push(await gcMs("rpc") / await gcMs("bare"));
  }
  return {
    what: `rpc / bare, GC of ${CONNECTS.toLocaleString("en")} connects, tcp`,
    unit: "× time",
    found: summarize(ratios),
    target: { atMost: 3 },
  };
}

/** Returns the total garbage collection time of a process, in ms. */
async function gcMs(subject: string): Promise<number> {
  const [program, ...args] = denoCommand(
    new URL("programs/connects.ts", import.meta.url),
    [subject, String(CONNECTS)],
    ["--v8-flags=--trace-gc"],
  );
  const { success, stdout } = await new Deno.Command(program!, {
    args,
    stdin: "null",
  }).output();
  if (!success) throw new Error(`Connecting by '${subject}': it failed`);
  return sumOfPauses(new TextDecoder().decode(stdout));
}

/**
 * Sums the pauses in V8's trace output, in ms. They come after the sizes, as in
 * `Scavenge 8.0 (14.2) -> 4.9 (14.2) MB, pooled: 0.0 MB, 0.33 / 0.00 ms`.
 */
export function sumOfPauses(trace: string): number {
  return [...trace.matchAll(/ -> .* MB, (?:pooled.* MB, )?([\d.]+) \/ /g)]
    .reduce((sum, [, ms]) => sum + Number(ms), 0);
}
