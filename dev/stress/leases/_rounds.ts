import {
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import { denoCommand, PeerProcess } from "../../shared/peer_process.ts";
import { rest } from "../../shared/wait.ts";
import type { EnginePlace, Store, Write } from "./_store.ts";

/** What a worker does. */
export interface WorkerTask {
  readonly place: EnginePlace;
  /** The lease that it wants. */
  readonly lane: number;
  readonly writer: string;
  readonly leaseMs: number;
  /** Whether its writes are checked by the store. */
  readonly isChecked: boolean;
}

/** What a worker prints. */
export type WorkerLine =
  | { readonly kind: "ready" | "refused" | "lost" }
  | { readonly kind: "holds"; readonly epoch: number };

/** How a holder is interrupted. */
export type Interruption = "stop" | "kill" | "stop and kill";

/** Options for {@linkcode interruptHolders}. */
export interface RoundsOptions {
  /** How many holders are interrupted. */
  readonly rounds: number;
  readonly seed: number;
  /** How many leases there are, each with two workers. */
  readonly lanes: number;
  readonly isChecked: boolean;
  /** Called after each round. */
  readonly onRound?: (count: number) => void;
}

/** What came of it. */
export interface RoundsOutcome {
  readonly interruptions: Readonly<Record<Interruption, number>>;
  /** How many leases were taken. */
  readonly epochs: number;
  /** How many writes took effect. */
  readonly writes: number;
  /** How many workers were told that another one has written since. */
  readonly refused: number;
  /** Effective writes of an epoch after one of a later epoch. */
  readonly disorders: readonly string[];
}

/** The shortest lease that engines give. */
const LEASE_MS = 1_000;

/** Returns the writes of `history` that come after one of a later epoch. */
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

/** A process that wants the lease of its lane, one life after the other. */
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

  /** Kills it, and starts it anew. */
  async restart(): Promise<void> {
    await this.#process.kill();
    this.#process = this.#start();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.kill();
  }
}

/** One lease, with two workers that want it. */
class Lane implements AsyncDisposable {
  readonly #workers: readonly [Worker, Worker];
  refused = 0;
  epochs = 0;
  /** The worker that has told last that it holds the lease. */
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

  /** Resolves to the number of the next holder that is not `other`. */
  async #holderBut(other: number): Promise<number> {
    while (this.#holder === other || this.#holder === -1) {
      await this.#news.promise;
    }
    return this.#holder;
  }

  /** Interrupts the holder; resolves once the other worker has taken over. */
  async interrupt(kind: Interruption, restMs: number): Promise<void> {
    const holder = await this.#holderBut(-1);
    const worker = this.#workers[holder]!;
    await rest(restMs);
    if (kind === "kill") await worker.restart();
    else worker.signal("SIGSTOP");
    // One that was killed may take the lease again.
    if (kind === "kill") this.#holder = -1;
    await this.#holderBut(kind === "kill" ? -1 : holder);
    await rest(restMs);
    if (kind === "stop and kill") await worker.restart();
    if (kind !== "stop") return;
    worker.signal("SIGCONT");
    // It has some time to write.
    await rest(restMs);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers) await worker[Symbol.asyncDispose]();
  }
}

/** Interrupts holders of leases, and reads what the store says of their writes. */
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
