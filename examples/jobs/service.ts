import {
  AuthenticationError,
  type Call,
  guarded,
  RemoteError,
  service,
  ServiceError,
} from "@denomas/denomas/rpc";
import { z } from "npm:zod@4.6.7";
import type { Job, Queue, Update } from "./queue.ts";

/** The service of the queue. */
export type JobService = ReturnType<typeof jobService>;

/** Counts the words of a job: yields the count after each chunk. */
type Count = (id: string, chunks: readonly string[]) => AsyncIterable<number>;

const jobId = z.string().min(1).max(100);
const chunk = z.string().max(10_000);
const end = z.object({ state: z.enum(["failed", "cancelled"]) });
const callback = z.custom<Count>((value) => typeof value === "function");
const peer = z.object({
  name: z.string(),
  role: z.enum(["worker", "submitter"]),
});
const credentials = peer.extend({ token: z.string() });

/** The identity of a connected peer. */
export type Peer = z.infer<typeof peer>;

/** Authenticates peers by the token of their role. */
export function authenticate(shown: unknown): Peer {
  const { data } = credentials.safeParse(shown);
  // Real tokens are secrets, and are not part of the code.
  if (data && data.token === `token of ${data.role}s`) return peer.parse(data);
  throw new AuthenticationError("Unknown token");
}

/** Returns a function that defines methods for one role. */
function methodsFor(role: Peer["role"]) {
  return guarded(({ identity }: Call<unknown, Peer>): void => {
    if (identity.role === role) return;
    throw new ServiceError(`For a ${role} only`, { code: "forbidden" });
  });
}

/** Returns the service of a queue for workers and submitters. */
export function jobService(queue: Queue) {
  const forWorkers = methodsFor("worker");
  const forSubmitters = methodsFor("submitter");
  return service({
    /**
     * Accepts a job, and reports on it. Submitting the same id again returns to
     * the job.
     */
    submit: forSubmitters(
      { args: [jobId, { items: chunk }], errors: { no_result: end } },
      async function* (
        id,
        chunks,
        { closing, errors },
      ): AsyncGenerator<Update> {
        const input: string[] = [];
        for await (const item of chunks) {
          input.push(item);
          yield { state: "receiving", text: `${input.length} chunks` };
        }
        const { updates } = queue.accept(id, input);
        const followed = updates.subscribe({ last: 1, onSlow: "skip" });
        // When the server closes, the caller continues with the next server.
        closing.addEventListener("abort", () => followed.return?.());
        if (closing.aborted) return;
        for await (const update of followed) {
          const { state, text } = update;
          if (state === "failed" || state === "cancelled") {
            throw errors.no_result(text, { state });
          }
          yield update;
          if (state === "done") return;
        }
      },
    ),

    /** Cancels a job; returns `false` if it had already ended. */
    cancel: forSubmitters({ args: [jobId], result: z.boolean() }, (id) => {
      const job = queue.jobs.get(id);
      return job !== undefined && queue.end(job, "cancelled", "as asked");
    }),

    /**
     * Assigns one job after the other to a worker, until either side leaves.
     */
    work: forWorkers({ args: [callback] }, async (count, call) => {
      const stop = AbortSignal.any([call.signal, call.closing]);
      stop.addEventListener("abort", () => queue.wake());
      let job: Job | undefined;
      while ((job = await queue.next(call.identity.name, stop))) {
        try {
          await run(job, count);
        } finally {
          queue.giveBack(job);
        }
      }
    }),
  });

  async function run(job: Job, count: Count): Promise<void> {
    let words = 0;
    try {
      for await (const item of await count(job.id, job.chunks)) {
        // Leaving the loop runs the `finally` of the worker.
        if (job.end) return;
        words = z.int().parse(item);
        job.updates.publish({ state: "running", text: `${words} words` });
      }
      queue.end(job, "done", `${words} words`);
    } catch (error) {
      // Other errors do not concern the job: another worker gets it.
      if (!(error instanceof RemoteError)) throw error;
      queue.end(job, "failed", error.message);
    }
  }
}
