import type { Container } from "../agent/container.ts";
import { Backoff } from "../channel/_backoff.ts";
import { AgentNotFoundError } from "../rpc/errors.ts";
import type { Listing } from "./_entries.ts";
import { messageOf } from "./_message_of.ts";

/** For how long an agent that registers may not have started yet. */
const START_MS = 10_000;

/** Whether one agent is there, for all its registrations. */
export class Presence {
  readonly listings = new Set<Listing>();
  readonly #container: Container;
  readonly #address: string;
  readonly #onThere: (presence: Presence) => void;
  readonly #stopping = new AbortController();
  /** Aborts when nobody need wait for the agent to start any more. */
  readonly #starting = new AbortController();
  #isThere = false;
  #attempt: Promise<void> | null = null;

  /** `onThere` hears of it when the agent is reached for the first time. */
  constructor(
    container: Container,
    address: string,
    onThere: (presence: Presence) => void,
  ) {
    this.#container = container;
    this.#address = address;
    this.#onThere = onThere;
  }

  /** Whether the agent has been reached. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /**
   * Tries to reach the agent, unless it was. Does not wait where its container
   * has no such agent yet: one that registers while it starts would wait for
   * itself.
   *
   * @throws {unknown} If its container cannot be reached, or this was stopped.
   */
  async attempt(): Promise<void> {
    if (this.#isThere) return;
    // Who asks at the same time is told the same.
    this.#attempt ??= this.#reach().finally(() => this.#attempt = null);
    await this.#attempt;
  }

  async #reach(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await this.#container.connect(this.#address, { signal });
    } catch (error) {
      if (error instanceof AgentNotFoundError) return;
      throw error;
    }
    this.#isThere = true;
    this.#starting.abort();
    this.#onThere(this);
  }

  /** Watches the agent; resolves to a reason when it is gone. */
  async follow(): Promise<string> {
    const { signal } = this.#stopping;
    try {
      await this.#untilThere();
      const { reason } = await this.#container.watch(this.#address, { signal });
      return reason;
    } catch (error) {
      return messageOf(error);
    }
  }

  async #untilThere(): Promise<void> {
    const until = performance.now() + START_MS;
    const backoff = new Backoff(undefined, this.#container);
    for (;;) {
      await this.attempt();
      if (this.#isThere) return;
      const leftMs = until - performance.now();
      if (leftMs <= 0) {
        throw new AgentNotFoundError(
          `Cannot find agent '${this.#address}': it did not start within ${START_MS} ms`,
        );
      }
      try {
        await backoff.wait(leftMs, this.#starting.signal);
      } catch (error) {
        if (!this.#isThere) throw error;
      }
    }
  }

  /** Nobody wants to know any more. */
  stop(reason: string): void {
    const error = new DOMException(reason, "AbortError");
    this.#stopping.abort(error);
    this.#starting.abort(error);
  }
}
