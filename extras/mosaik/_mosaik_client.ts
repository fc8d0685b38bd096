import type { EntityGraph, EntityInfos } from "./data.ts";
import type { Mosaik } from "./mosaik.ts";

/** What a {@linkcode MosaikClient} is made with. */
export interface MosaikClientOptions {
  readonly signal: AbortSignal;
  /** Sends a request to mosaik and resolves to the reply. */
  readonly send: (content: unknown) => Promise<unknown>;
  /** Whether the simulator has told mosaik that it sets events. */
  readonly setsEvents: () => boolean;
}

/** The calls of a simulator to mosaik, one after the other. */
export class MosaikClient implements Mosaik {
  readonly signal: AbortSignal;
  readonly #options: MosaikClientOptions;
  /** Settles with the newest call, and never rejects. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MosaikClientOptions) {
    this.#options = options;
    this.signal = options.signal;
  }

  getProgress(): Promise<number> {
    return this.#call("get_progress") as Promise<number>;
  }

  getRelatedEntities(): Promise<EntityGraph>;
  getRelatedEntities(fullId: string): Promise<EntityInfos>;
  getRelatedEntities(
    fullIds: readonly string[],
  ): Promise<Readonly<Record<string, EntityInfos>>>;
  getRelatedEntities(
    fullIds: string | readonly string[] | null = null,
  ): Promise<never> {
    return this.#call("get_related_entities", fullIds) as Promise<never>;
  }

  async setEvent(time: number): Promise<void> {
    if (!this.#options.setsEvents()) {
      throw new TypeError(
        "Cannot set an event: the meta does not say so, give it 'set_events: true'",
      );
    }
    if (!Number.isSafeInteger(time) || time < 0) {
      throw new RangeError(
        `Cannot set an event at ${time}: the time must be an integer from 0`,
      );
    }
    await this.#call("set_event", time);
  }

  getData(
    attributes: Readonly<Record<string, readonly string[]>>,
  ): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>> {
    return this.#call("get_data", attributes) as Promise<
      Readonly<Record<string, Readonly<Record<string, unknown>>>>
    >;
  }

  async setData(data: Readonly<Record<string, unknown>>): Promise<void> {
    await this.#call("set_data", data);
  }

  #call(name: string, ...args: readonly unknown[]): Promise<unknown> {
    const reply = this.#last.then(() => this.#options.send([name, args, {}]));
    this.#last = reply.catch(() => {});
    return reply;
  }
}
