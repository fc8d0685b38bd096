/**
 * Calls a subject from a separate process: `call.ts SUBJECT ADDRESS [1]`. Runs
 * workloads on request. With a third argument it also serves the subject at the
 * address.
 *
 * @module
 */
import { answerRequests } from "../shared/peer_process.ts";
import { cpuUs, waitedUs } from "./_cpu.ts";
import { quantile } from "./_ratios.ts";
import {
  actsWithin,
  NotOfferedError,
  prepare,
  run,
  warmUp,
  type Work,
} from "./_workload.ts";
import { subjectNamed } from "./subjects/all.ts";
import type { Workload } from "./workloads.ts";

/** The outcome of a run. */
export interface Run {
  /** The time of all acts, in ms. */
  readonly ms: number;
  /** The number of calls, echoes or items. */
  readonly count: number;
  /** The quantiles 0.5, 0.99 and 0.999 of the acts' times, in ms. */
  readonly quantiles: readonly [number, number, number] | null;
  readonly cpuUs: number;
  /** How long the processes of both sides waited for a core, in µs. */
  readonly waitedUs: number;
}

const [name = "", address = "", serves] = Deno.args;
await using stack = new AsyncDisposableStack();
const works = new Map<string, Promise<Work>>();

const connected = (async () => {
  const subject = await subjectNamed(name);
  const where = serves === undefined
    ? address
    : stack.use(await subject.serve(address)).address;
  const caller = stack.use(await subject.connect(where));
  return { subject, where, caller };
})();
// The first request reports the failure.
connected.catch(() => {});

function workOf(workload: Workload): Promise<Work> {
  const key = JSON.stringify(workload);
  let work = works.get(key);
  if (work === undefined) {
    work = connected.then(async ({ subject, where, caller }) =>
      stack.use(await prepare(subject, where, caller, workload))
    );
    works.set(key, work);
  }
  return work;
}

interface CountArgs {
  readonly workload: Workload;
  readonly runMs: number;
}

interface RunArgs {
  readonly workload: Workload;
  readonly acts: number;
  readonly isTimed: boolean;
}

async function count({ workload, runMs }: CountArgs): Promise<number> {
  try {
    return await actsWithin(await workOf(workload), runMs);
  } catch (error) {
    if (error instanceof NotOfferedError) return 0;
    throw error;
  }
}

async function measure({ workload, acts, isTimed }: RunArgs): Promise<Run> {
  const work = await workOf(workload);
  const latencies = isTimed ? new Float64Array(acts) : undefined;
  const before = cpuUs();
  const waitedBefore = waitedUs();
  const ms = await run(work, acts, latencies);
  const sorted = latencies?.sort();
  return {
    ms,
    count: acts * work.countEach,
    cpuUs: cpuUs() - before,
    waitedUs: waitedUs() - waitedBefore,
    quantiles: sorted === undefined ? null : [
      quantile(sorted, 0.5),
      quantile(sorted, 0.99),
      quantile(sorted, 0.999),
    ],
  };
}

await answerRequests({
  warmUp: async () =>
    await warmUp(await workOf({ kind: "call", inFlight: 64 })),
  count,
  run: measure,
});
