import { call, expose, service } from "@denomas/denomas/rpc";
import { EventEmitter, on } from "node:events";
import { setTimeout } from "node:timers/promises";

/** How long a loaf takes. */
const LOAF_MS = 5;

const FLOURS: ReadonlyMap<string, readonly string[]> = new Map([
  ["rye bread", ["rye"]],
  ["baguette", ["wheat"]],
  ["farmhouse loaf", ["rye", "wheat"]],
]);

/** Hears of each loaf that leaves the oven. */
export type LoafListener = (loaf: number) => void | Promise<void>;

/**
 * A bakery. Its shop takes orders, over HTTP; its office may do what is
 * exposed, over RPC.
 */
export class Bakery {
  readonly #events = new EventEmitter();
  #orders = 0;

  /** A sub-service, made of plain functions. */
  @expose
  readonly recipes = service({
    names: () => [...FLOURS.keys()],
    floursFor: (bread: string) => floursFor(bread),
  });

  /** What happens from now on, until the caller wants no more. */
  @expose
  news(): AsyncIterable<string> {
    // When the caller leaves, this signal ends the wait for the next event.
    const { signal } = call();
    return firstOfEach(on(this.#events, "news", { signal }));
  }

  /**
   * Bakes `loaves`, one after the other, and tells `onLoaf` of each. It stops
   * when the caller gives it up.
   */
  @expose
  async bake(loaves: number, onLoaf: LoafListener): Promise<string> {
    const { signal } = call();
    let done = 0;
    try {
      while (done < loaves) {
        await setTimeout(LOAF_MS, undefined, { signal });
        await onLoaf(++done);
      }
      return `${loaves} loaves are ready`;
    } finally {
      this.#report(`the oven is free after ${done} of ${loaves} loaves`);
    }
  }

  /** Takes an order of the shop. It is not exposed, so no caller reaches it. */
  order(bread: string): number {
    floursFor(bread);
    this.#report(`order ${++this.#orders}: ${bread}`);
    return this.#orders;
  }

  /** How many callers follow the news. */
  get followers(): number {
    return this.#events.listenerCount("news");
  }

  #report(what: string): void {
    this.#events.emit("news", what);
  }
}

function floursFor(bread: string): readonly string[] {
  const flours = FLOURS.get(bread);
  if (flours !== undefined) return flours;
  throw new RangeError(
    `Cannot bake '${bread}': choose one of '${
      [...FLOURS.keys()].join("', '")
    }'`,
  );
}

async function* firstOfEach(
  events: AsyncIterable<readonly string[]>,
): AsyncGenerator<string> {
  for await (const [first = ""] of events) yield first;
}
