import { Agent, expose } from "@denomas/denomas";
import { SystemClock } from "@denomas/denomas/agent";
import {
  activationOf,
  type Engine,
  memoryEngine,
  Node,
} from "@denomas/denomas/cluster";
import { History, keyValue, type Simulation } from "@denomas/denomas/testing";

/** The lease of the nodes, and the number of agents they share. */
const LEASE_MS = 5_000;
const AGENTS = 3;

const NODES = ["a", "b", "c"];

/** A value that is saved before its write is answered. */
class Register extends Agent {
  #value: string | null = null;

  protected override snapshot() {
    return { value: this.#value, epoch: activationOf(this).epoch };
  }
  protected override restore({ value }: { readonly value: string }) {
    this.#value = value;
  }

  @expose
  async write(value: string): Promise<void> {
    this.#value = value;
    await this.save();
  }
  /** May run twice. */
  @expose({ idempotent: true })
  read(): string | null {
    return this.#value;
  }
}

const emptyHistory = () => new History(keyValue<string>());

/** The record of a run. */
export interface ClusterBooks {
  readonly history: ReturnType<typeof emptyHistory>;
  /** The problem with the writes in the engine, if any. */
  problem: string | null;
  /** The numbers of writes, reads and failed calls. */
  writes: number;
  reads: number;
  failures: number;
  /** The number of times an agent moved to another node. */
  moves: number;
}

/** Options of {@linkcode runCluster}. */
export interface ClusterRunOptions {
  /** Wraps the engine of each node, in order to break it. */
  readonly wrap?: (engine: Engine) => Engine;
}

/**
 * Runs three nodes that share and call a few virtual agents, under the faults
 * of `sim`. Returns after the final calm.
 */
export async function runCluster(
  sim: Simulation,
  { wrap = (it) => it }: ClusterRunOptions = {},
): Promise<ClusterBooks> {
  const books: ClusterBooks = {
    history: emptyHistory(),
    ...{ problem: null, writes: 0, reads: 0, failures: 0, moves: 0 },
  };
  const hub = await memoryEngine();
  await follow(hub, books);
  let isOver = false;
  const open = new Set(NODES);
  for (const name of NODES) {
    sim.node(name, async ({ restarts, between, sleep }) => {
      const engine = wrap(await memoryEngine(hub));
      for (let life = 0; !isOver; life++) {
        const node = await join(engine, name);
        if (node === null) continue;
        await node.offer({ Register }).catch(() => {});
        let number = 0;
        while (!isOver && !node.signal.aborted) {
          await sleep(between(50, 2_000));
          const client = `${name} ${restarts} ${life} ${++number}`;
          const key = `r${between(1, AGENTS)}`;
          const agent = node.agent<Register>("Register", key);
          const { history } = books;
          try {
            if (between(0, 1) === 0) {
              const value = client;
              const write = () => agent.write(value);
              await history.record(client, "set", { key, value }, write);
              books.writes++;
            } else {
              await history.record(client, "get", { key }, () => agent.read());
              books.reads++;
            }
          } catch {
            books.failures++;
          }
        }
        await node.close({ graceMs: 1_000 });
      }
      await engine[Symbol.asyncDispose]();
      open.delete(name);
    });
  }
  sim.always("no write comes after one of a newer epoch", () => {
    if (books.problem !== null) throw new Error(books.problem);
    return true;
  });
  await sim.run();
  isOver = true;
  sim.eventually("all calls have settled", () => open.size === 0);
  await sim.calm({ forMs: 60_000 });
  await hub[Symbol.asyncDispose]();
  return books;
}

async function join(engine: Engine, name: string): Promise<Node | null> {
  try {
    return await Node.join("cluster", {
      engine,
      name,
      leaseMs: LEASE_MS,
      heartbeatMs: 2_000,
      clock: new SystemClock(),
      onError: () => {},
    });
  } catch {
    return null;
  }
}

/** Follows the writes of all agents in the order of the engine. */
async function follow(hub: Engine, books: ClusterBooks): Promise<void> {
  const epochs = new Map<string, number>();
  await hub.watch("cluster.agent.", (change) => {
    if (change.kind !== "put") return;
    const { key, value } = change.entry;
    const text = new TextDecoder().decode(value);
    const state = text.slice(text.indexOf("\n") + 1);
    if (state === "") return;
    const { epoch } = JSON.parse(state) as { readonly epoch: number };
    const before = epochs.get(key) ?? epoch;
    if (epoch < before) {
      books.problem = `'${key}': epoch ${epoch} has written after ${before}`;
    }
    if (epoch > before) books.moves++;
    epochs.set(key, epoch);
  });
}
