import { Topic } from "@denomas/denomas/topics";

/** What a submitter hears of its job. */
export type Update =
  | { readonly state: "receiving" | "waiting"; readonly chunks: number }
  | {
    readonly state: "running";
    readonly worker: string;
    readonly done: number;
  }
  | End;

/** How a job has ended. It ends once. */
export type End =
  | { readonly state: "done"; readonly worker: string; readonly words: number }
  | { readonly state: "failed" | "cancelled"; readonly reason: string };

/** A job that was accepted: its words are to be counted. */
export class Job {
  readonly id: string;
  readonly chunks: readonly string[];
  readonly updates: Topic<Update> = new Topic<Update>({ keep: 100 });
  /** The worker that has it, by a lease that no other server process gave. */
  lease: Lease | null = null;
  end: End | null = null;

  /** Made by its queue. */
  constructor(id: string, chunks: readonly string[]) {
    this.id = id;
    this.chunks = chunks;
    this.tell({ state: "waiting", chunks: chunks.length });
  }

  /** Tells those who follow it. */
  tell(update: Update): void {
    this.updates.publish(update);
  }
}

/** A job in the hands of a worker. */
export interface Lease {
  readonly id: string;
  readonly worker: string;
  /** How many chunks are done; `null` before the worker has begun to report. */
  done: number | null;
  /** Resolves when the worker has it no more. */
  readonly over: PromiseWithResolvers<void>;
}

/** Jobs, and the journal by which they outlive the process. */
export class Queue implements Disposable {
  readonly #jobs = new Map<string, Job>();
  readonly #waiting: Job[] = [];
  readonly #journal: Deno.FsFile;
  #news = Promise.withResolvers<void>();

  /** Goes on where the journal ends. */
  constructor(path: string) {
    this.#journal = Deno.openSync(path, {
      ...{ read: true, append: true, create: true },
    });
    for (const entry of readJournal(path)) {
      if ("chunks" in entry) this.#add(new Job(entry.id, entry.chunks));
      else this.#settle(this.#jobs.get(entry.id)!, entry.end);
    }
  }

  /** Returns a job that was accepted. */
  find(id: string): Job | undefined {
    return this.#jobs.get(id);
  }

  /** From here on the job is not lost. Accepting it twice is as once. */
  accept(id: string, chunks: readonly string[]): Job {
    const known = this.#jobs.get(id);
    if (known !== undefined) return known;
    this.#write({ id, chunks });
    return this.#add(new Job(id, chunks));
  }

  /** Leases the next job to a worker; `null` if `stop` aborts before. */
  async next(worker: string, stop: AbortSignal): Promise<Job | null> {
    const stopped = aborted(stop);
    while (!stop.aborted) {
      const job = this.#waiting.shift();
      if (job === undefined) {
        await Promise.race([this.#news.promise, stopped]);
      } else if (job.end === null) {
        const over = Promise.withResolvers<void>();
        const id = crypto.randomUUID();
        job.lease = { id, worker, done: null, over };
        return job;
      }
    }
    return null;
  }

  /** Ends a lease: a job that has not ended goes to the next worker. */
  release(job: Job, lease: Lease): void {
    lease.over.resolve();
    if (job.lease !== lease) return;
    job.lease = null;
    if (job.end === null) this.#enqueue(job);
  }

  /** Ends a job, unless it has ended; returns whether it had not. */
  end(job: Job, end: End): boolean {
    if (job.end !== null) return false;
    this.#write({ id: job.id, end });
    this.#settle(job, end);
    return true;
  }

  /** Returns how many jobs are in which state, and which ones run. */
  books(): Books {
    const jobs = [...this.#jobs.values()];
    const count = (state: End["state"]) =>
      jobs.filter(({ end }) => end?.state === state).length;
    return {
      accepted: jobs.length,
      done: count("done"),
      failed: count("failed"),
      cancelled: count("cancelled"),
      running: jobs.flatMap(({ id, lease, end }) => {
        if (lease === null || end !== null) return [];
        return [{ id, worker: lease.worker, done: lease.done }];
      }),
    };
  }

  [Symbol.dispose](): void {
    this.#journal.close();
  }

  #add(job: Job): Job {
    this.#jobs.set(job.id, job);
    this.#enqueue(job);
    return job;
  }

  #enqueue(job: Job): void {
    this.#waiting.push(job);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #settle(job: Job, end: End): void {
    job.end = end;
    job.tell(end);
  }

  /** In one write, which is not lost if the process is killed after it. */
  #write(entry: Entry): void {
    this.#journal.writeSync(
      new TextEncoder().encode(JSON.stringify(entry) + "\n"),
    );
  }
}

/** How many jobs are in which state. */
export interface Books extends Record<End["state"] | "accepted", number> {
  readonly running: readonly Pick<Lease, "id" | "worker" | "done">[];
}

/** A line of the journal. */
export type Entry =
  & { readonly id: string }
  & (
    | { readonly chunks: readonly string[] }
    | { readonly end: End }
  );

/** Returns what stands in a journal. */
export function readJournal(path: string): Entry[] {
  const lines = Deno.readTextFileSync(path).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line));
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
