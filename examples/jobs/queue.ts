import { Topic } from "@denomas/denomas/topics";

/** How a job has ended. It ends once. */
export type End = "done" | "failed" | "cancelled";

/** What a submitter hears about its job. */
export interface Update {
  readonly state: "receiving" | "waiting" | "running" | End;
  readonly text: string;
}

/** A job that was accepted. */
export interface Job {
  readonly id: string;
  readonly chunks: readonly string[];
  readonly updates: Topic<Update>;
  end?: Update;
}

/** A line of the journal: a job was accepted, was given out, or has ended. */
export interface Entry {
  readonly id: string;
  readonly chunks?: readonly string[];
  readonly worker?: string;
  readonly end?: Update;
}

/** Jobs, and the journal by which they outlive the process. */
export class Queue {
  /** All accepted jobs, by their ids. */
  readonly jobs: Map<string, Job> = new Map();
  readonly #waiting: Job[] = [];
  readonly #journal: Deno.FsFile;
  #news = Promise.withResolvers<void>();

  /** Continues where the journal ends. */
  constructor(path: string) {
    this.#journal = Deno.openSync(path, { append: true, create: true });
    for (const entry of readJournal(path)) this.#apply(entry);
  }

  /** From here on the job is not lost. Accepting it twice is as once. */
  accept(id: string, chunks: readonly string[]): Job {
    if (!this.jobs.has(id)) this.#record({ id, chunks });
    return this.jobs.get(id)!;
  }

  /** Waits for the next job, and gives it to a worker. */
  async next(worker: string, stop: AbortSignal): Promise<Job | undefined> {
    while (!stop.aborted) {
      const job = this.#waiting.shift();
      if (!job) await this.#news.promise;
      if (!job || job.end) continue;
      this.#record({ id: job.id, worker });
      return job;
    }
    return undefined;
  }

  /** Lets another worker have a job that has not ended. */
  giveBack(job: Job): void {
    if (job.end) return;
    job.updates.publish({ state: "waiting", text: "for a worker" });
    this.#waiting.push(job);
    this.wake();
  }

  /** Ends a job, unless it has ended; returns whether it had not. */
  end(job: Job, state: End, text: string): boolean {
    if (job.end) return false;
    this.#record({ id: job.id, end: { state, text } });
    return true;
  }

  /** Lets all who wait for a job look again. */
  wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Writes at once: what was written survives SIGKILL. */
  #record(entry: Entry): void {
    const line = JSON.stringify(entry) + "\n";
    this.#journal.writeSync(new TextEncoder().encode(line));
    this.#apply(entry);
  }

  #apply({ id, chunks, end }: Entry): void {
    if (chunks) {
      const job = { id, chunks, updates: new Topic<Update>({ keep: 100 }) };
      this.jobs.set(id, job);
      this.giveBack(job);
    }
    if (end) {
      const job = this.jobs.get(id)!;
      job.end = end;
      job.updates.publish(end);
    }
  }
}

/** Returns the entries of a journal, without one that is being written. */
export function readJournal(path: string): Entry[] {
  const lines = Deno.readTextFileSync(path).split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
