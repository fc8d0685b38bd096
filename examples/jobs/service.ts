import { ConnectionClosedError } from "@denomas/denomas/channel";
import {
  AuthenticationError,
  type Call,
  guarded,
  method,
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
const credentials = z.object({ name: z.string(), token: z.string() });

/** Schemas check a stream's items where they are read, not the stream. */
function stream<T>() {
  return z.custom<AsyncIterable<T>>((value) =>
    typeof value === "object" && value !== null && Symbol.asyncIterator in value
  );
}

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
      { args: [jobId, stream<string>()], items: z.custom<Update>() },
      async function* (id, chunks, { closing }) {
        const input: string[] = [];
        if (!queue.find(id)) {
          for await (const item of chunks) {
            input.push(chunk.parse(item));
            yield { state: "receiving", chunks: input.length } as const;
          }
        }
        const { updates } = queue.accept(id, input);
        const followed = updates.subscribe({ last: 1, onSlow: "skip" });
        // The caller finds out from the next server how its job ends.
        aborted(closing).then(() => followed.return?.());
        for await (const update of followed) {
          if (update.state === "failed" || update.state === "cancelled") {
            const code = `job_${update.state}` as const;
            throw new JobError(update.reason, { code, data: { id } });
          }
          yield update;
          if (update.state === "done") return;
        }
      },
    ),

    /** Cancels a job; tells whether it had not ended. */
    cancel: forSubmitters({ args: [jobId], result: z.boolean() }, (id) => {
      const job = queue.find(id);
      return job !== undefined &&
        queue.end(job, { state: "cancelled", reason: "as asked" });
    }),

    /** The jobs for a worker: the next one when it has finished the last one. */
    work: forWorkers(
      { args: [] },
      async function* ({ signal, closing, context }) {
        const stop = AbortSignal.any([signal, closing]);
        const stopped = aborted(stop);
        for (;;) {
          const job = await queue.next(context.name, stop);
          if (job === null) return;
          const lease = job.lease!;
          try {
            yield { id: job.id, lease: lease.id, chunks: job.chunks };
            await Promise.race([lease.over.promise, stopped]);
          } finally {
            // One that is reported may still come to its end, in time.
            if (lease.done === null) queue.release(job, lease);
          }
        }
      },
    ),

    /** Takes the steps of a worker on its job, up to the last one. */
    report: forWorkers(
      { args: [jobId, z.string(), stream<z.infer<typeof step>>()] },
      async (id, leaseId, steps, { context: { name: worker } }) => {
        const job = queue.find(id);
        const lease = job?.lease;
        if (!job || lease?.id !== leaseId) {
          throw new ServiceError(`Job '${id}' is not yours any more`, {
            code: "lease_lost",
          });
        }
        lease.done = 0;
        let counted = 0;
        try {
          for await (const item of steps) {
            const { done, words } = step.parse(item);
            // To leave the loop runs the worker's `finally`.
            if (job.end !== null) return;
            lease.done = done;
            counted = words;
            job.tell({ state: "running", worker, done });
          }
          queue.end(job, { state: "done", worker, words: counted });
        } catch (error) {
          if (error instanceof ConnectionClosedError) return;
          const reason = error instanceof Error ? error.message : `${error}`;
          queue.end(job, { state: "failed", reason });
        } finally {
          queue.release(job, lease);
        }
      },
    ),

    books: method({ idempotent: true, args: [] }, () => queue.books()),
  });
}
