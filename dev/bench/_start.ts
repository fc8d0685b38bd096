import { denoCommand } from "../shared/peer_process.ts";
import { type Check, measureRatios, summarize } from "./_ratios.ts";

/**
 * Measures how many times as long a program with a first call runs as an empty
 * one.
 */
export async function measureStart(turns: number): Promise<Check> {
  const empty = () => timeProgram("empty");
  const call = () => timeProgram("first_call");
  // Deno compiles each program in its first run and caches the result.
  await empty();
  await call();
  // The waiting time of an ended process is unknown, but it is part of the time
  // of the pair: the fastest third of the pairs counts.
  const taking = (measure: () => Promise<number>) => async () => {
    const ms = await measure();
    return { value: ms, waitedUs: ms * 1_000 };
  };
  const found = summarize(
    await measureRatios(turns, taking(empty), taking(call)),
  );
  return {
    what: "rpc, import and first call in a new process / empty program",
    unit: "× time",
    found,
    target: { atMost: 2 },
  };
}

/** Returns the time from the start of a process to its end, in ms. */
async function timeProgram(name: string): Promise<number> {
  const file = new URL(`programs/${name}.ts`, import.meta.url);
  const [program, ...args] = denoCommand(file);
  const startedAt = performance.now();
  const { success } = await new Deno.Command(program!, {
    args,
    stdin: "null",
    stdout: "null",
  }).output();
  if (!success) throw new Error(`Running program '${name}': it failed`);
  return performance.now() - startedAt;
}
