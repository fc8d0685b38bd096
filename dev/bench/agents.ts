/**
 * What very many agents and containers cost: `deno task bench:agents`. A missed
 * target is printed, and is no failure.
 *
 * @module
 */
import { Agent, Container } from "@denomas/denomas/agent";
import { expose } from "@denomas/denomas/rpc";
import { describeMachine } from "../shared/machine.ts";
import { print } from "./_print.ts";

const AGENTS = 100_000;
const CONTAINERS = 1_000;
const CALLS_PER_CONTAINER = 10;

/** Most agents are idle most of the time. */
class Idle extends Agent {
  @expose
  ping(): number {
    return 1;
  }
}

/** Bytes of the heap that are in use, when all that is garbage is gone. */
function heapBytes(): number {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Run with --v8-flags=--expose-gc");
  gc();
  gc();
  return Deno.memoryUsage().heapUsed;
}

/** How many bytes each of `make`'s things takes. */
async function bytesEach(make: () => Promise<unknown[]>): Promise<number> {
  const before = heapBytes();
  const made = await make();
  return (heapBytes() - before) / made.length;
}

async function measureAgents(
  name: string,
  make: (container: Container) => Promise<unknown[]>,
): Promise<void> {
  await using container = await Container.create("local://agents");
  const emptyBytes = await bytesEach(() =>
    Promise.resolve(Array.from({ length: AGENTS }, () => ({})))
  );
  const startedAt = performance.now();
  let madeMs = 0;
  const bytes = await bytesEach(async () => {
    const made = await make(container);
    madeMs = performance.now() - startedAt;
    return made;
  });
  const closingAt = performance.now();
  await container.close({ graceMs: 60_000 });
  const closedMs = performance.now() - closingAt;
  print(
    `${AGENTS.toLocaleString("en")} agents by ${name}: made in ${
      (madeMs / 1000).toFixed(2)
    } s (wanted at most 5), ${
      Math.round(bytes - emptyBytes)
    } bytes each beyond an empty object (wanted at most 1,536), closed in ${
      (closedMs / 1000).toFixed(2)
    } s`,
  );
}

async function measureContainers(): Promise<void> {
  const startedAt = performance.now();
  const containers = await Promise.all(
    Array.from(
      { length: CONTAINERS },
      (_, index) => Container.create(`local://container-${index}`),
    ),
  );
  const agents = await Promise.all(containers.map((it) => it.spawn(Idle)));
  const madeMs = performance.now() - startedAt;
  const callingAt = performance.now();
  const answers = await Promise.all(
    containers.flatMap((container, index) =>
      Array.from({ length: CALLS_PER_CONTAINER }, async (_, step) => {
        const { address } = agents[(index + step + 1) % CONTAINERS]!;
        return await (await container.connect<Idle>(address)).ping();
      })
    ),
  );
  const calledMs = performance.now() - callingAt;
  const right = answers.filter((answer) => answer === 1).length;
  const heapMiB = heapBytes() / 2 ** 20;
  const closingAt = performance.now();
  await Promise.all(containers.map((container) => container.close()));
  print(
    `${CONTAINERS.toLocaleString("en")} containers: made in ${
      (madeMs / 1000).toFixed(2)
    } s; each connected to ${CALLS_PER_CONTAINER} others and called them in ${
      (calledMs / 1000).toFixed(2)
    } s, ${right.toLocaleString("en")} of ${
      answers.length.toLocaleString("en")
    } answers right, heap ${heapMiB.toFixed(0)} MiB; closed in ${
      ((performance.now() - closingAt) / 1000).toFixed(2)
    } s`,
  );
  if (right !== answers.length) Deno.exitCode = 1;
}

print(describeMachine());
await measureAgents(
  "'new'",
  (container) =>
    Promise.resolve(Array.from({ length: AGENTS }, () => new Idle(container))),
);
await measureAgents("'spawn'", async (container) => {
  const made: unknown[] = [];
  for (let index = 0; index < AGENTS; index++) {
    made.push(await container.spawn(Idle));
  }
  return made;
});
await measureContainers();
