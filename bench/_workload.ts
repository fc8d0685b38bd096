import type { Answer, Caller } from "./subjects/subject.ts";

/**
 * Makes `calls` calls, `inFlight` of them under way at any time, and returns
 * how many µs one took: of the whole time, its share.
 *
 * @throws {Error} If an answer is wrong.
 */
export async function timeCalls(
  caller: Caller,
  calls: number,
  inFlight: number,
): Promise<number> {
  let next = 0;
  async function callOnAndOn(): Promise<void> {
    while (next < calls) {
      const n = next++;
      const answer = await caller.call({ name: "Ada", n });
      if ((answer as Answer).n !== n) {
        throw new Error(`Call ${n} was answered with ${Deno.inspect(answer)}`);
      }
    }
  }
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, callOnAndOn));
  return (performance.now() - startedAt) / calls * 1000;
}

/**
 * Has the engine compile what it would otherwise compile while measuring: one
 * call after another is too slow to get there.
 */
export async function warmUp(caller: Caller): Promise<void> {
  await timeCalls(caller, 30_000, 64);
}

/** Finds how many calls take about `runMs`. */
export async function callsWithin(
  runMs: number,
  caller: Caller,
  inFlight: number,
): Promise<number> {
  let calls = 4 * inFlight;
  while (true) {
    const us = await timeCalls(caller, calls, inFlight);
    const wanted = Math.round(runMs * 1000 / us);
    if (calls >= wanted) return Math.max(wanted, inFlight);
    calls = Math.min(2 * calls, wanted);
  }
}
