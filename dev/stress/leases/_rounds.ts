import {
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import { denoCommand, PeerProcess } from "../../shared/peer_process.ts";
import { rest } from "../../shared/wait.ts";
import type { EnginePlace, Store, Write } from "./_store.ts";

/** The task of a worker. */
export interface WorkerTask {
  readonly place: EnginePlace;
  /** The number of the lease that the worker tries to acquire. */
  readonly lane: number;
  readonly writer: string;
  readonly leaseMs: number;
  /** Whether the store checks the worker's writes. */
  readonly isChecked: boolean;
}

/** A line that a worker prints. */
export type WorkerLine =
  | { readonly kind: "ready" | "refused" | "lost" }
  | { readonly kind: "holds"; readonly epoch: number };

/** The way in which a holder is interrupted. */
export type Interruption = "stop" | "kill" | "stop and kill";

/** Options for {@linkcode interruptHolders}. */
export interface RoundsOptions {
  /** The number of interruptions. */
  readonly rounds: number;
  readonly seed: number;
  /** The number of leases, each with two workers. */
  readonly lanes: number;
  readonly isChecked: boolean;
  /** Called after each round. */
  readonly onRound?: (count: number) => void;
}

/** The outcome of {@linkcode interruptHolders}. */
export interface RoundsOutcome {
  readonly interruptions: Readonly<Record<Interruption, number>>;
  /** The number of leases that were acquired. */
  readonly epochs: number;
  /** The number of writes that took effect. */
  readonly writes: number;
  /** The number of refusals because another worker had written since. */
  readonly refused: number;
  /** Writes of an epoch that took effect after one of a later epoch. */
  readonly disorders: readonly string[];
}

/** The shortest lease that engines grant, in milliseconds. */
const LEASE_MS = 1_000;

/** Returns the writes in `history` that follow a write of a later epoch. */
export function disordersOf(lane: number, history: readonly Write[]): string[] {
  let latest = 0;
  const disorders: string[] = [];
  for (const { epoch, writer } of history) {
    if (epoch < latest) {
      disorders.push(
        `Lease ${lane}: ${writer} wrote with the epoch ${epoch} after a write with ${latest}`,
      );
    }
    latest = Math.max(latest, epoch);
  }
  return disorders;
}

/**
 * A process that repeatedly acquires the lease of its lane. It can be
 * restarted.
 */
class Worker implements AsyncDisposable {
  readonly #task: WorkerTask;
  readonly #onLine: (line: WorkerLine) => void;
  #process: PeerProcess;

  constructor(task: WorkerTask, onLine: (line: WorkerLine) => void) {
    this.#task = task;
    this.#onLine = onLine;
    this.#process = this.#start();
  }

  #start(): PeerProcess {
    const program = new URL("./peers/worker.ts", import.meta.url);
    const command = denoCommand(program, [JSON.stringify(this.#task)]);
    const onLine = (line: string) => this.#onLine(JSON.parse(line));
    return new PeerProcess(command, { onLine });
  }

  signal(signal: Deno.Signal): void {
    Deno.kill(this.#process.pid, signal);
  }

  /** Kills the process, and starts a new one. */
  async restart(): Promise<void> {
    await this.#process.kill();
    this.#process = this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.kill();
  }
}

/** One lease, with two workers that compete for it. */
class Lane implements AsyncDisposable {
  readonly #workers: readonly [Worker, Worker];
  refused = 0;
  epochs = 0;
  /** The worker that last reported to hold the lease; -1 for none. */
  #holder = -1;
  #news = Promise.withResolvers<void>();

  constructor(task: Omit<WorkerTask, "writer">) {
    const start = (at: number) =>
      new Worker({ ...task, writer: `${task.lane}-${at}` }, (line) => {
        if (line.kind === "refused") this.refused++;
        if (line.kind !== "holds") return;
        this.epochs++;
        this.#holder = at;
        this.#news.resolve();
        this.#news = Promise.withResolvers();
      });
    this.#workers = [start(0), start(1)];
  }

  /** Resolves to the number of the next holder other than `other`. */
  async #holderBut(other: number): Promise<number> {
    while (this.#holder === other || this.#holder === -1) {
      await this.#news.promise;
    }
    return this.#holder;
  }

  /** Interrupts the holder; resolves once the lease has a new holder. */
  async interrupt(kind: Interruption, restMs: number): Promise<void> {
    const holder = await this.#holderBut(-1);
    const worker = this.#workers[holder]!;
    await rest(restMs);
    if (kind === "kill") await worker.restart();
    else worker.signal("SIGSTOP");
    // A killed worker may acquire the lease again.
    if (kind === "kill") this.#holder = -1;
    await this.#holderBut(kind === "kill" ? -1 : holder);
    await rest(restMs);
    if (kind === "stop and kill") await worker.restart();
    if (kind !== "stop") return;
    worker.signal("SIGCONT");
    // Leave the resumed worker some time to write.
    await rest(restMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker[Symbol.asyncDispose]();
  }
}

/**
 * Interrupts holders of leases, and checks their writes in the store's history.
 */
export async function interruptHolders(
  store: Store,
  options: RoundsOptions,
): Promise<RoundsOutcome> {
  const { seed, isChecked, onRound = () => {} } = options;
  const random = seededRandom(seed);
  const interruptions = { stop: 0, kill: 0, "stop and kill": 0 };
  let left = options.rounds;
  let done = 0;
  const lanes = Array.from(
    { length: options.lanes },
    (_, lane) =>
      new Lane({ place: store.place, lane, leaseMs: LEASE_MS, isChecked }),
  );
  try {
    await Promise.all(lanes.map(async (lane) => {
      while (left-- > 0) {
        const kinds = [
          "stop",
          "stop",
          "stop",
          "kill",
          "stop and kill",
        ] as const;
        const kind = isChecked
          ? kinds[randomInteger(random, 0, kinds.length - 1)]!
          : "stop";
        await lane.interrupt(kind, randomInteger(random, 20, 200));
        interruptions[kind]++;
        onRound(++done);
      }
    }));
  } finally {
    for (const lane of lanes) await lane[Symbol.asyncDispose]();
  }
  const disorders: string[] = [];
  let writes = 0;
  for (const lane of lanes.keys()) {
    const history = await store.history(`state.${lane}`);
    writes += history.length;
    disorders.push(...disordersOf(lane, history));
  }
  const sum = (of: (lane: Lane) => number) =>
    lanes.reduce((total, lane) => total + of(lane), 0);
  return {
    interruptions,
    epochs: sum(({ epochs }) => epochs),
    writes,
    refused: sum(({ refused }) => refused),
    disorders,
  };
}
