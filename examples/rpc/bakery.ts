import { call, expose, service } from "@denomas/denomas/rpc";
import { EventEmitter, on } from "node:events";

/** The time to bake a loaf, in milliseconds. */
const LOAF_MS = 5;

const FLOURS: ReadonlyMap<string, readonly string[]> = new Map([
  ["rye bread", ["rye"]],
  ["baguette", ["wheat"]],
  ["farmhouse loaf", ["rye", "wheat"]],
]);

/** Called for each loaf that leaves the oven. */
export type LoafListener = (loaf: number) => void | Promise<void>;

/**
 * A bakery. Its shop takes orders over HTTP; its office uses the exposed
 * methods over RPC.
 */
export class Bakery {
  readonly #events = new EventEmitter();
  #orders = 0;

  /** A sub-service made of plain functions. */
  @expose
  readonly recipes = service({
    names: () => [...FLOURS.keys()],
    floursFor: (bread: string) => floursFor(bread),
  });

  /** Yields news from now on, until the caller stops reading. */
  @expose
  news(): AsyncIterable<string> {
    // When the caller stops, this signal ends the wait for the next event.
    const { signal } = call();
    return firstOfEach(on(this.#events, "news", { signal }));
  }

  /**
   * Bakes `loaves`, one after the other, and calls `onLoaf` for each. It stops
   * when the caller cancels the call.
   */
  @expose
  async bake(loaves: number, onLoaf: LoafListener): Promise<string> {
    const { signal } = call();
    let done = 0;
    try {
      while (done < loaves) {
        await new Promise((resolve) => setTimeout(resolve, LOAF_MS));
        signal.throwIfAborted();
        await onLoaf(++done);
      }
      return `${loaves} loaves are ready`;
    } finally {
      this.#report(`the oven is free after ${done} of ${loaves} loaves`);
    }
  }

  /**
   * Takes an order of the shop. The method is not exposed, so RPC callers
   * cannot reach it.
   */
  order(bread: string): number {
    floursFor(bread);
    this.#report(`order ${++this.#orders}: ${bread}`);
    return this.#orders;
  }

  /** The number of callers that follow the news. */
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
