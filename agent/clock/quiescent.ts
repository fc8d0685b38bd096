import { describeValue } from "../../channel/message.ts";
import { pause } from "../../channel/internal.ts";
import { askAll } from "./_ask_all.ts";
import { type HasWatched, type Watched, watched } from "./_party.ts";
import { Quiet } from "./_quiet.ts";

/** The longest pause between two checks, in milliseconds of real time. */
const LONGEST_PAUSE_MS = 20;

/** Options for {@linkcode quiescent}. */
export interface QuiescentOptions {
  /** Gives up; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Resolves when `containers`, local or spawned, are idle and will stay idle by
 * themselves: no agent's method runs or waits for its turn, no agent starts or
 * closes, no message is under way between them, none of them connects or
 * spawns, and nothing waits for their clocks. A container that is closed, or
 * whose process has ended, is ignored from then on.
 *
 * Two kinds of work are ignored. A task of an agent that waits for something
 * else, such as a message or a stream, does not count, since nothing will send
 * one. Work that waits for something outside, such as a file or a real-time
 * timer, cannot be seen. `quiescent` does not move any clock: run simulated
 * clocks yourself.
 *
 * ```ts
 * import { Agent, Container, quiescent } from "@denomas/denomas/agent";
 * import { expose } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter extends Agent {
 *   #next: { count(left: number): Promise<void> } | null = null;
 *   static total = 0;
 *   async follow(address: string) {
 *     this.#next = await this.container.connect<Counter>(address);
 *   }
 *   @expose
 *   async count(left: number): Promise<void> {
 *     Counter.total++;
 *     if (left > 1) void this.#next!.count(left - 1);
 *   }
 * }
 *
 * await using here = await Container.create("local://here");
 * await using there = await Container.create("local://there");
 * const [one, two] = [await here.spawn(Counter), await there.spawn(Counter)];
 * await one.follow(two.address);
 * await two.follow(one.address);
 *
 * await one.count(100);
 * await quiescent([here, there]);
 * assertEquals(Counter.total, 100);
 * ```
 *
 * @throws {TypeError} As a rejection, if one is no container.
 * @throws {unknown} As a rejection, the reason of `signal` once it aborts.
 */
export async function quiescent(
  containers: readonly HasWatched[],
  { signal }: QuiescentOptions = {},
): Promise<void> {
  const parties = new Set(containers.map(watchedBy));
  const quiet = new Quiet();
  for (let waitMs = 1;; waitMs = Math.min(2 * waitMs, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted();
    const reports = await askAll(parties, (it) => it.settle(signal));
    const traffic = reports.flatMap((it) => it.containers);
    const isIdle = reports.every(({ nextDue, running }) =>
      nextDue === null && running === 0
    );
    if (isIdle && quiet.underWay(traffic) === null) return;
    await pause(waitMs, signal);
  }
}

function watchedBy(container: HasWatched): Watched {
  if (Object(container) === container && watched in container) {
    return container[watched]();
  }
  throw new TypeError(
    `Cannot watch ${
      describeValue(container)
    }: it is no container, pass a 'Container' or a 'SpawnedContainer'`,
  );
}
