import {
  Agent,
  AgentNotFoundError,
  type Container,
} from "@denomas/denomas/agent";
import { ConnectionClosedError } from "@denomas/denomas/channel";
import {
  Directory,
  type DirectoryClient,
  findDirectory,
} from "@denomas/denomas/directory";
import { expose } from "@denomas/denomas/rpc";
import { simulate } from "@denomas/denomas/testing";
import { Books } from "./_books.ts";
import { CHAOS, UNTIL_MS } from "./_chaos.ts";

/** The number of seeds; `deno task simulate` runs more. */
const SEEDS = 5;

const OPTIONS = { heartbeatMs: 2_000 };
const RETRY = { retryForMs: 1e9, onError: () => {} };

/** Records the state of the workers outside the nodes, which may crash. */
class World {
  readonly books = new Books();
  /** The newest worker at each address, which is the only one that may work. */
  readonly newest = new Map<string, number>();
  /** Pending watches, with the worker that each watches. */
  readonly watched = new Map<object, { address: string; instance: number }>();
  /** Whether workers no longer fail. */
  isOver = false;
  failures = 0;
  gone = 0;
  #instances = 0;

  enter(address: string): number {
    this.newest.set(address, ++this.#instances);
    return this.#instances;
  }

  /** The watches that have not ended although their worker is gone. */
  get forgotten(): number {
    return [...this.watched.values()].filter(({ address, instance }) =>
      this.newest.get(address) !== instance
    ).length;
  }
}

class Worker extends Agent {
  readonly #world: World;
  #instance = 0;

  constructor(container: Container, world: World) {
    super(container, { onFailure: { restarts: 1_000, withinMs: 60_000 } });
    this.#world = world;
  }

  protected override onStart() {
    const instance = this.#instance = this.#world.enter(this.address);
    this.every(0.5, () => {
      if (this.#world.newest.get(this.address) === instance) return;
      this.#world.books.complain(`Two workers live at '${this.address}'`);
    });
    this.every(0.7, () => {
      if (this.#world.isOver || Math.random() > 0.03) return;
      this.#world.failures++;
      throw new Error("out of luck");
    });
  }

  /** Takes some time, so that connections may be lost meanwhile. */
  @expose
  async work(key: string): Promise<string> {
    this.#world.books.run(key);
    await this.container.clock.sleep(2 * Math.random());
    return key;
  }

  @expose
  instance(): number {
    return this.#instance;
  }
}

async function isRegistered(directory: DirectoryClient, address: string) {
  try {
    await directory.register({ address }, { type: "worker" });
    return true;
  } catch {
    return false;
  }
}

simulate("agents that fail are replaced, found and watched", {
  seeds: SEEDS,
  untilMs: UNTIL_MS,
  chaos: CHAOS,
}, async (sim) => {
  const world = new World();
  const { books } = world;
  let listed: string[] = [];
  const hub = await sim.node("hub", async (node) => {
    const container = await node.createContainer(OPTIONS);
    return (await container.spawn(Directory)).address;
  });
  for (const name of ["x", "y"]) {
    sim.node(name, async (node) => {
      for (const address of world.newest.keys()) {
        if (address.startsWith(`local://${name}/`)) {
          world.newest.delete(address);
        }
      }
      const container = await node.createContainer(OPTIONS);
      const directory = await findDirectory(container, hub, RETRY);
      for (let number = 0; number < 2; number++) {
        const { address } = await container.spawn(Worker, world);
        // Registration fails if the directory cannot reach this container.
        while (!await isRegistered(directory, address)) await node.sleep(500);
      }
    });
  }
  for (const name of ["a", "b"]) {
    sim.node(name, async (node) => {
      books.crash(name);
      const container = await node.createContainer(OPTIONS);
      const directory = await findDirectory(container, hub, RETRY);
      const workers = [
        directory.ref<Worker>({ type: "worker" }, RETRY),
        await container.connect<Worker>("local://x/0", RETRY),
      ];
      for (let number = 1; !world.isOver; number++) {
        const calls = workers.map((worker, at) => {
          const key = `${name} ${node.restarts} ${number} ${at}`;
          return books.call(name, key, () => worker.work(key));
        });
        await Promise.all(calls);
        await node.sleep(node.between(100, 3_000));
      }
    });
  }
  sim.node("watcher", async (node) => {
    world.watched.clear();
    const container = await node.createContainer(OPTIONS);
    const directory = await findDirectory(container, hub, RETRY);
    for (const address of ["x/0", "x/1", "y/0", "y/1"]) {
      watch(container, `local://${address}`);
    }
    for (;;) {
      const found = await directory.lookUp({ type: "worker" }).catch(() => []);
      listed = found.map(({ address }) => address);
      await node.sleep(1_000);
    }

    /** Repeatedly watches the current agent at an address. */
    async function watch(container: Container, address: string) {
      for (;;) {
        const worker = await container.connect<Worker>(address, RETRY);
        const ending = new AbortController();
        const gone = container.watch(address, { signal: ending.signal })
          .then(() => true, () => false);
        const mark = {};
        try {
          const before = await worker.instance();
          const instance = await worker.instance();
          if (before === instance) {
            world.watched.set(mark, { address, instance });
            if (await gone) world.gone++;
          }
        } catch (error) {
          const isAway = error instanceof ConnectionClosedError ||
            error instanceof AgentNotFoundError;
          if (!isAway) books.complain(`The watched worker fails: ${error}`);
        }
        world.watched.delete(mark);
        ending.abort();
        await node.sleep(100);
      }
    }
  });
  sim.always(
    "one worker lives at each address, and no call runs twice",
    () => books.check(),
  );
  sim.sometimes("a worker fails", () => world.failures > 2);
  sim.sometimes("a watch ends", () => world.gone > 2);
  sim.sometimes("many calls come through", () => books.answered > 20);
  await sim.run();
  world.isOver = true;
  sim.eventually("all calls have settled", () => books.pending === 0);
  sim.eventually(
    "the directory has each worker once, and each watch one that lives",
    () =>
      world.forgotten === 0 && world.newest.size === 4 &&
      listed.toSorted().join() === [...world.newest.keys()].sort().join(),
  );
  await sim.calm({ forMs: 100_000 });
});
