import { Topic } from "@denomas/denomas/topics";

/** What a submitter hears of its job. */
export interface Update {
  readonly state: "receiving" | "waiting" | "running" | End["state"];
  /** How far it is, its result, or why it has none. */
  readonly text: string;
}

/** How a job has ended. It ends once. */
export interface End extends Update {
  readonly state: "done" | "failed" | "cancelled";
}

/** A job that was accepted. */
export interface Job {
  readonly id: string;
  readonly chunks: readonly string[];
  readonly updates: Topic<Update>;
  lease?: Lease | undefined;
  end?: End;
}

/** A job in the hands of a worker. */
export interface Lease {
  /** Its name, which no other worker has. */
  readonly worker: string;
  /** How many chunks are done, once the worker has begun to report. */
  done?: number;
  /** Resolves when the worker has it no more. */
  readonly over: PromiseWithResolvers<void>;
}

/** Jobs, and the journal by which they outlive the process. */
export class Queue {
  /** All that were accepted, by their ids. */
  readonly jobs: Map<string, Job> = new Map();
  readonly #waiting: Job[] = [];
  readonly #journal: Deno.FsFile;
  #news = Promise.withResolvers<void>();

  /** Goes on where the journal ends. */
  constructor(path: string) {
    this.#journal = Deno.openSync(path, { append: true, create: true });
    for (const { id, chunks, end } of readJournal(path)) {
      if (chunks) this.#add(id, chunks);
      if (end) this.#end(this.jobs.get(id)!, end);
    }
  }

  /** From here on the job is not lost. Accepting it twice is as once. */
  accept(id: string, chunks: readonly string[]): Job {
    const known = this.jobs.get(id);
    if (known) return known;
    this.#write({ id, chunks });
    return this.#add(id, chunks);
  }

  /** Leases the next job to a worker, unless `stop` aborts before. */
  async next(worker: string, stop: AbortSignal): Promise<Job | undefined> {
    const stopped = aborted(stop);
    while (!stop.aborted) {
      const job = this.#waiting.shift();
      if (!job) await Promise.race([this.#news.promise, stopped]);
      if (!job || job.end) continue;
      this.#write({ id: job.id, worker });
      job.lease = { worker, over: Promise.withResolvers() };
      return job;
    }
    return undefined;
  }

  /** Ends a lease: a job that has not ended goes to the next worker. */
  release(job: Job, lease: Lease): void {
    lease.over.resolve();
    if (job.lease !== lease) return;
    job.lease = undefined;
    if (!job.end) this.#enqueue(job);
  }

  /** Ends a job, unless it has ended; returns whether it had not. */
  end(job: Job, state: End["state"], text: string): boolean {
    if (job.end) return false;
    const end = { state, text };
    this.#write({ id: job.id, end });
    this.#end(job, end);
    return true;
  }

  #add(id: string, chunks: readonly string[]): Job {
    const job = { id, chunks, updates: new Topic<Update>({ keep: 100 }) };
    this.jobs.set(id, job);
    this.#enqueue(job);
    return job;
  }

  #enqueue(job: Job): void {
    job.updates.publish({ state: "waiting", text: "for a worker" });
    this.#waiting.push(job);
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  #end(job: Job, end: End): void {
    job.end = end;
    job.updates.publish(end);
  }

  /** In one write, which is not lost if the process is killed after it. */
  #write(entry: Entry): void {
    const line = JSON.stringify(entry) + "\n";
    this.#journal.writeSync(new TextEncoder().encode(line));
  }
}

/** A line of the journal: a job was accepted, was given out, or has ended. */
export interface Entry {
  readonly id: string;
  readonly chunks?: readonly string[];
  readonly worker?: string;
  readonly end?: End;
}

/** Returns what stands in a journal, but for a line that is being written. */
export function readJournal(path: string): Entry[] {
  const lines = Deno.readTextFileSync(path).split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

/** Resolves when `signal` aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve());
  });
}
