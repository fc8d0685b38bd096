import { Topic } from "@denomas/denomas/topics";

/** The outcome of a job, which never changes. */
export type End = "done" | "failed" | "cancelled";

/** A message to the submitter about its job. */
export interface Update {
  readonly state: "receiving" | "waiting" | "running" | End;
  readonly text: string;
}

/** An accepted job. */
export interface Job {
  readonly id: string;
  readonly chunks: readonly string[];
  readonly updates: Topic<Update>;
  end?: Update;
}

/** A line of the journal: a job was accepted, was assigned, or has ended. */
export interface Entry {
  readonly id: string;
  readonly chunks?: readonly string[];
  readonly worker?: string;
  readonly end?: Update;
}

/** Jobs, and the journal that preserves them when the process ends. */
export class Queue {
  /** All accepted jobs, by their ids. */
  readonly jobs: Map<string, Job> = new Map();
  readonly #waiting: Job[] = [];
  readonly #journal: Deno.FsFile;
  #news = Promise.withResolvers<void>();

  /** Restores the state from the journal. */
  constructor(path: string) {
    this.#journal = Deno.openSync(path, { append: true, create: true });
    for (const entry of readJournal(path)) this.#apply(entry);
  }

  /**
   * Accepts a job, which is not lost afterwards. Accepting it twice has no
   * further effect.
   */
  accept(id: string, chunks: readonly string[]): Job {
    if (!this.jobs.has(id)) this.#record({ id, chunks });
    return this.jobs.get(id)!;
  }

  /** Waits for the next job, and assigns it to a worker. */
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

  /** Makes an unfinished job available to another worker. */
  giveBack(job: Job): void {
    if (job.end) return;
    job.updates.publish({ state: "waiting", text: "for a worker" });
    this.#waiting.push(job);
    this.wake();
  }

  /** Ends a job; returns `false` if it had already ended. */
  end(job: Job, state: End, text: string): boolean {
    if (job.end) return false;
    this.#record({ id: job.id, end: { state, text } });
    return true;
  }

  /** Makes all waiting workers check for jobs again. */
  wake(): void {
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** Writes synchronously, so that the entry survives SIGKILL. */
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

/** Returns the entries of a journal, without an incomplete last line. */
export function readJournal(path: string): Entry[] {
  const lines = Deno.readTextFileSync(path).split("\n").slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}
