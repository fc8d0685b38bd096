/**
 * The client's side of a subject, in a process of its own:
 * `call.ts SUBJECT ADDRESS [serve]`. Does what it is told on its standard input
 * until that ends. With `serve` it serves at the address, too.
 *
 * @module
 */
import { announce, answerCommands } from "./_commands.ts";
import { quantile } from "./_pairs.ts";
import { readUsage } from "./_usage.ts";
import {
  actsWithin,
  NotOfferedError,
  prepare,
  run,
  warmUp,
  type Work,
} from "./_workload.ts";
import { subjectNamed } from "./subjects/all.ts";
import type { Caller, Subject } from "./subjects/subject.ts";
import { SEQUENTIAL, type Workload } from "./workloads.ts";

/** What a client may be told. */
export type Command =
  | { readonly do: "warmUp" }
  | {
    /** How many acts take about so long; 0 if the subject has none. */
    readonly do: "count";
    readonly workload: Workload;
    readonly runMs: number;
  }
  | {
    readonly do: "run";
    readonly workload: Workload;
    readonly acts: number;
    /** Whether to note the time of each act. */
    readonly timed: boolean;
  }
  | {
    /** Makes calls over another connection, which is kept. */
    readonly do: "callAt";
    readonly address: string;
    readonly calls: number;
  }
  | {
    /** Kills a server and waits until it notices. */
    readonly do: "kill";
    readonly address: string;
    readonly pid: number;
  };

/** What came out of a run. */
export interface Run {
  /** How long all of it took. */
  readonly ms: number;
  /** How many calls, echoes or items that were. */
  readonly count: number;
  /** What half, 99 % and 99.9 % of the acts did not exceed, in ms. */
  readonly quantiles: readonly [number, number, number] | null;
  readonly cpuUs: number;
  readonly peakBytes: number;
}

const [name = "", address = "", serve] = Deno.args;
await using stack = new AsyncDisposableStack();
const callers = new Map<string, Caller>();
const works = new Map<string, Work>();

let subject: Subject;

async function callerAt(address: string): Promise<Caller> {
  let caller = callers.get(address);
  if (caller === undefined) {
    caller = stack.use(await subject.connect(address));
    callers.set(address, caller);
  }
  return caller;
}

let home = address;

async function workOf(workload: Workload): Promise<Work> {
  const key = JSON.stringify(workload);
  let work = works.get(key);
  if (work === undefined) {
    work = stack.use(
      await prepare(subject, home, await callerAt(home), workload),
    );
    works.set(key, work);
  }
  return work;
}

/** How many acts take about so long; 0 where there are none of the kind. */
async function count(workload: Workload, runMs: number): Promise<number> {
  try {
    return await actsWithin(await workOf(workload), runMs);
  } catch (error) {
    if (error instanceof NotOfferedError) return 0;
    throw error;
  }
}

async function measure(
  { workload, acts, timed }: Extract<Command, { do: "run" }>,
): Promise<Run> {
  const work = await workOf(workload);
  const latencies = timed ? new Float64Array(acts) : undefined;
  const before = readUsage().cpuUs;
  const ms = await run(work, acts, latencies);
  const { cpuUs, peakBytes } = readUsage();
  return {
    ms,
    count: acts * work.countEach,
    quantiles: latencies === undefined ? null : quantiles(latencies),
    cpuUs: cpuUs - before,
    peakBytes,
  };
}

function quantiles(latencies: Float64Array): [number, number, number] {
  const sorted = latencies.sort();
  return [
    quantile(sorted, 0.5),
    quantile(sorted, 0.99),
    quantile(sorted, 0.999),
  ];
}

/** How many ms pass from the end of a process until its call rejects. */
async function killServer(address: string, pid: number): Promise<number> {
  await using caller = await subject.connect(address);
  if (caller.hang === undefined) {
    throw new Error(`Cannot measure '${name}': it has no call that hangs`);
  }
  const rejected = caller.hang().then(
    () => {
      throw new Error("The call was answered");
    },
    () => performance.now(),
  );
  // Once this is answered, the one before is with the server.
  await caller.call({ name: "Ada", n: 0 });
  const killedAt = performance.now();
  Deno.kill(pid, "SIGKILL");
  return await rejected - killedAt;
}

async function obey(command: Command): Promise<unknown> {
  switch (command.do) {
    case "warmUp":
      return await warmUp(await workOf({ kind: "call", inFlight: 64 }));
    case "count":
      return await count(command.workload, command.runMs);
    case "run":
      return await measure(command);
    case "callAt": {
      const caller = await callerAt(command.address);
      await using work = await prepare(subject, home, caller, SEQUENTIAL);
      return await run(work, command.calls);
    }
    case "kill":
      return await killServer(command.address, command.pid);
  }
}

const isReady = await announce(async () => {
  subject = await subjectNamed(name);
  if (serve === undefined) return;
  home = stack.use(await subject.serve(address)).address;
});
if (isReady) await answerCommands((command) => obey(command as Command));
