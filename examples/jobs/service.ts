import { ConnectionClosedError } from "@denomas/denomas/channel";
import {
  AuthenticationError,
  type Call,
  guarded,
  service,
  ServiceError,
} from "@denomas/denomas/rpc";
import { z } from "npm:zod@4.6.7";
import { aborted, type Queue, type Update } from "./queue.ts";

/** Who is connected. */
export interface Peer {
  readonly name: string;
  readonly role: "worker" | "submitter";
}

/** The service of the queue. */
export type JobService = ReturnType<typeof jobService>;

/** A job that did not come to its result. */
export class JobError extends ServiceError<{ readonly id: string }> {
  declare readonly code: "job_failed" | "job_cancelled";
}

const jobId = z.string().min(1).max(100);
const chunk = z.string().max(10_000);
const step = z.object({ done: z.int(), words: z.int() });
type Step = z.infer<typeof step>;
const credentials = z.object({ name: z.string(), token: z.string() });

/** A schema checks that it is a stream; the items where they are read. */
const isStream = (value: unknown) => Symbol.asyncIterator in Object(value);

/** The role of each token. Real ones are secrets, and come from elsewhere. */
const ROLES: Readonly<Record<string, Peer["role"]>> = {
  "token of workers": "worker",
  "token of submitters": "submitter",
};

/** Admits those who have a token. */
export function authenticate(shown: unknown): Peer {
  const { data } = credentials.safeParse(shown);
  const role = data && ROLES[data.token];
  if (role === undefined) throw new AuthenticationError("Unknown token");
  return { name: data!.name, role };
}

function requireRole(role: Peer["role"]) {
  return ({ identity }: Call) => {
    const peer = identity as Peer;
    if (peer.role === role) return peer;
    throw new ServiceError(`For a ${role} only`, { code: "forbidden" });
  };
}

/** Returns what workers and submitters may do with a queue. */
export function jobService(queue: Queue) {
  const forWorkers = guarded(requireRole("worker"));
  const forSubmitters = guarded(requireRole("submitter"));
  return service({
    /**
     * Takes the chunks of a job, and tells of it until it has ended. It may be
     * called again with the same id, for a job that the caller has lost sight
     * of: one that was accepted is not accepted twice.
     */
    submit: forSubmitters(
      {
        args: [jobId, z.custom<AsyncIterable<string>>(isStream)],
        items: z.custom<Update>(),
      },
      async function* (id, chunks, { closing }) {
        const input: string[] = [];
        if (!queue.jobs.has(id)) {
          for await (const item of chunks) {
            input.push(chunk.parse(item));
            yield { state: "receiving" as const, text: `${input.length}` };
          }
        }
        const { updates } = queue.accept(id, input);
        const followed = updates.subscribe({ last: 1, onSlow: "skip" });
        // The caller finds out from the next server how its job ends.
        aborted(closing).then(() => followed.return?.());
        for await (const update of followed) {
          const { state, text } = update;
          if (state === "failed" || state === "cancelled") {
            throw new JobError(text, { code: `job_${state}`, data: { id } });
          }
          yield update;
          if (state === "done") return;
        }
      },
    ),

    /** Cancels a job; tells whether it had not ended. */
    cancel: forSubmitters({ args: [jobId], result: z.boolean() }, (id) => {
      const job = queue.jobs.get(id);
      return job !== undefined && queue.end(job, "cancelled", "as asked");
    }),

    /** The jobs for a worker: the next one when it has finished the last one. */
    work: forWorkers({ args: [] }, async function* (call) {
      const stop = AbortSignal.any([call.signal, call.closing]);
      for (;;) {
        const job = await queue.next(call.context.name, stop);
        if (!job) return;
        const lease = job.lease!;
        try {
          yield { id: job.id, chunks: job.chunks };
          await Promise.race([lease.over.promise, aborted(stop)]);
        } finally {
          // One that is reported may still come to its end, in time.
          if (lease.done === undefined) queue.release(job, lease);
        }
      }
    }),

    /** Takes the steps of a worker on its job, up to the last one. */
    report: forWorkers(
      { args: [jobId, z.custom<AsyncIterable<Step>>(isStream)] },
      async (id, steps, { context }) => {
        const job = queue.jobs.get(id);
        const lease = job?.lease;
        if (!job || lease?.worker !== context.name) {
          throw new ServiceError("Given to another", { code: "lease_lost" });
        }
        lease.done = 0;
        let words = 0;
        try {
          for await (const item of steps) {
            // To leave the loop runs the worker's `finally`, after its next step.
            if (job.end) return;
            ({ done: lease.done, words } = step.parse(item));
            job.updates.publish({ state: "running", text: `${lease.done}` });
          }
          queue.end(job, "done", String(words));
        } catch (error) {
          if (error instanceof ConnectionClosedError) return;
          queue.end(job, "failed", String(error));
        } finally {
          queue.release(job, lease);
        }
      },
    ),
  });
}
