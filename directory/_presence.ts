import type { Container } from "../agent/container.ts";
import { AgentNotFoundError } from "../rpc/errors.ts";
import type { Listing } from "./_entries.ts";

/** For how long an agent that registers may not have started yet. */
const START_MS = 10_000;

/** Whether one agent is there, for all its registrations. */
export class Presence {
  readonly listings = new Set<Listing>();
  /** Whether the agent has been reached. */
  isThere = false;
  readonly #container: Container;
  readonly #address: string;
  readonly #controller = new AbortController();
  readonly #tried = Promise.withResolvers<void>();

  constructor(container: Container, address: string) {
    this.#container = container;
    this.#address = address;
    // Nobody may be waiting for it any more.
    this.#tried.promise.catch(() => {});
  }

  /**
   * Resolves when the agent was reached, or when its container was, and has no
   * such agent yet: one that registers while it starts would wait for itself.
   * Rejects if that failed.
   */
  get tried(): Promise<void> {
    return this.#tried.promise;
  }

  /** Watches the agent; resolves to a reason when it is gone. */
  async follow(onThere: () => void): Promise<string> {
    const { signal } = this.#controller;
    try {
      await this.#reach(signal);
      this.isThere = true;
      onThere();
      this.#tried.resolve();
      const { reason } = await this.#container.watch(this.#address, { signal });
      return reason;
    } catch (error) {
      this.#tried.reject(error);
      return error instanceof Error ? error.message : String(error);
    }
  }

  async #reach(signal: AbortSignal): Promise<void> {
    try {
      await this.#container.connect(this.#address, { signal });
    } catch (error) {
      if (!(error instanceof AgentNotFoundError)) throw error;
      this.#tried.resolve();
      const retryForMs = START_MS;
      await this.#container.connect(this.#address, { retryForMs, signal });
    }
  }

  /** Nobody wants to know any more. */
  stop(reason: string): void {
    this.#controller.abort(new DOMException(reason, "AbortError"));
  }
}
