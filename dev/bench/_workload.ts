import { cpuUs } from "./_cpu.ts";
import type { Answer, Caller, Measured, Subject } from "./subjects/subject.ts";
import type { Workload } from "./workloads.ts";

/** A workload that is ready to run. */
export interface Work extends AsyncDisposable {
  /** Performs one act. Each of `workers` performs one act at a time. */
  act(worker: number): Promise<void>;
  readonly workers: number;
  /** The number of calls, echoes or items in one act. */
  readonly countEach: number;
  /** Measures `acts` acts of a client in another process. */
  measure?(acts: number): Promise<Measured>;
}

/** The number of clients that connect at the same time. */
const AT_A_TIME = 50;

/**
 * Prepares a workload of a subject's clients; `caller` is already connected.
 *
 * @throws {NotOfferedError} If the subject does not support the workload.
 */
export async function prepare(
  subject: Subject,
  address: string,
  caller: Caller,
  workload: Workload,
): Promise<Work> {
  const close = () => Promise.resolve();
  if (caller.measure !== undefined) {
    if (workload.kind !== "call") throw absent(subject, workload.kind);
    const { inFlight } = workload;
    return {
      ...work(() => checkedCall(caller), inFlight, { close }),
      measure: (acts) => caller.measure!(acts, inFlight),
    };
  }
  switch (workload.kind) {
    case "call":
      return work(() => checkedCall(caller), workload.inFlight, { close });
    case "echo":
      return work(echoing(subject, caller, workload.bytes), workload.inFlight, {
        close,
      });
    case "stream": {
      const { items } = workload;
      if (caller.receive === undefined) throw absent(subject, "streams");
      return work(() => caller.receive!(items), 1, { close, countEach: items });
    }
    case "clients": {
      const { clients } = workload;
      const callers: Caller[] = [];
      while (callers.length < clients) {
        const count = Math.min(AT_A_TIME, clients - callers.length);
        const connecting = Array.from(
          { length: count },
          () => subject.connect(address),
        );
        callers.push(...await Promise.all(connecting));
      }
      return work((worker) => checkedCall(callers[worker]!), clients, {
        close: async () => {
          await Promise.all(callers.map((it) => it[Symbol.asyncDispose]()));
        },
      });
    }
    case "connect":
      return work(
        async () => {
          await using fresh = await subject.connect(address);
          await checkedCall(fresh);
        },
        1,
        { close },
      );
  }
}

interface WorkOptions {
  readonly close: () => Promise<void>;
  readonly countEach?: number;
}

function work(
  act: Work["act"],
  workers: number,
  { close, countEach = 1 }: WorkOptions,
): Work {
  return { act, workers, countEach, [Symbol.asyncDispose]: close };
}

let calls = 0;

/** @throws {Error} If the answer is wrong. */
async function checkedCall(caller: Caller): Promise<void> {
  const n = calls++;
  const answer = await caller.call({ name: "Ada", n });
  if ((answer as Answer).n === n) return;
  throw new Error(`Call ${n} was answered with ${Deno.inspect(answer)}`);
}

/** @throws {Error} If the echoed payload has a different length. */
function echoing(
  subject: Subject,
  caller: Caller,
  bytes: number,
): () => Promise<void> {
  if (caller.echo === undefined) throw absent(subject, "echo");
  const payload = subject.payload === "bytes"
    ? Uint8Array.from({ length: bytes }, (_, index) => index * 31)
    : "All work and no play. ".repeat(Math.ceil(bytes / 22)).slice(0, bytes);
  return async () => {
    const back = await caller.echo!(payload) as typeof payload;
    if (back.length === bytes) return;
    throw new Error(`${back.length} of ${bytes} came back`);
  };
}

/** Thrown when a subject does not support a workload. */
export class NotOfferedError extends Error {}

function absent({ name }: Subject, what: string): NotOfferedError {
  return new NotOfferedError(`Cannot measure '${name}': it has no ${what}`);
}

/**
 * Performs `acts` acts of `work`, with all workers in parallel, and returns the
 * time in ms. Stores the time of each act in `latencies`, in ms.
 */
export async function run(
  work: Work,
  acts: number,
  latencies?: Float64Array,
): Promise<number> {
  if (work.measure !== undefined) {
    const { us, eachUs } = await work.measure(acts);
    latencies?.set(eachUs.map((each) => each / 1_000));
    return us * acts / 1_000;
  }
  let next = 0;
  async function goOn(worker: number): Promise<void> {
    while (next < acts) {
      const index = next++;
      if (latencies === undefined) {
        await work.act(worker);
        continue;
      }
      const startedAt = performance.now();
      await work.act(worker);
      latencies[index] = performance.now() - startedAt;
    }
  }
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: work.workers }, (_, at) => goOn(at)));
  return performance.now() - startedAt;
}

/** Returns the approximate number of acts in `runMs`. */
export async function actsWithin(work: Work, runMs: number): Promise<number> {
  let acts = work.workers;
  while (true) {
    const ms = await run(work, acts);
    const wanted = Math.max(work.workers, Math.round(acts * runMs / ms));
    if (acts >= wanted / 2) return wanted;
    acts = Math.min(4 * acts, wanted);
  }
}

/** The number of calls after which V8 has compiled all hot code. */
const WARM_CALLS = 30_000;
const WARM_STEP = 1_000;
/** The CPU time limit of warming up, since slow subjects stay slow. */
const WARM_CPU_US = 1_000_000;
/** The wall time limit, which allows for a busy machine. */
const WARM_MS = 5_000;

/** Makes calls until V8 has compiled the code. */
export async function warmUp(work: Work): Promise<void> {
  const end = performance.now() + WARM_MS;
  const enoughUs = cpuUs() + WARM_CPU_US;
  for (let acts = 0; acts < WARM_CALLS; acts += WARM_STEP) {
    await run(work, WARM_STEP);
    if (performance.now() > end || cpuUs() > enoughUs) return;
  }
}
