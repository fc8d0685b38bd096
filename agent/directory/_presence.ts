import { parseAgentAddress } from "../address.ts";
import type { LinkLease } from "../links/_links.ts";
import { Backoff } from "../../channel/internal.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import type { Listing } from "./_entries.ts";
import { messageOf } from "./_message_of.ts";
import type { OpenLink } from "./_proofs.ts";

/** For how long an agent that registers may not have started yet. */
const START_MS = 10_000;

/** What a {@linkcode Presence} is made with. */
export interface PresenceOptions {
  /** To whom its timers belong. */
  readonly owner: object;
  readonly open: OpenLink;
  /** The address of the agent. */
  readonly address: string;
  /** Hears when the agent is reached for the first time. */
  readonly onThere: (presence: Presence) => void;
}

/** Whether one agent is there, for all its registrations. */
export class Presence {
  readonly listings = new Set<Listing>();
  readonly #options: PresenceOptions;
  readonly #container: string;
  readonly #id: string;
  readonly #stopping = new AbortController();
  /** Aborts when nobody need wait for the agent to start any more. */
  readonly #starting = new AbortController();
  /** Keeps the connection to its container. */
  #lease: LinkLease | null = null;
  #isThere = false;
  #attempt: Promise<void> | null = null;

  constructor(options: PresenceOptions) {
    this.#options = options;
    const { container, id } = parseAgentAddress(options.address);
    this.#container = container;
    this.#id = id;
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
    const lease = await this.#connect();
    const found = await lease.ask((link) => link.classOf(this.#id, signal));
    if (found === null) return;
    this.#isThere = true;
    this.#starting.abort();
    this.#options.onThere(this);
  }

  async #connect(): Promise<LinkLease> {
    const { signal } = this.#stopping;
    if (this.#lease?.link.isOver === false) return this.#lease;
    const lease = await this.#options.open(this.#container, signal);
    this.#lease?.[Symbol.dispose]();
    this.#lease = lease;
    // It may have been stopped while the connection was made.
    if (signal.aborted) this.#disconnect();
    signal.throwIfAborted();
    return lease;
  }

  #disconnect(): void {
    this.#lease?.[Symbol.dispose]();
    this.#lease = null;
  }

  /** Watches the agent; resolves to a reason when it is gone. */
  async follow(): Promise<string> {
    const { signal } = this.#stopping;
    try {
      await this.#untilThere();
      const lease = await this.#connect();
      return await lease.ask((link) => link.watch(this.#id, signal));
    } catch (error) {
      return messageOf(error);
    } finally {
      this.#disconnect();
    }
  }

  async #untilThere(): Promise<void> {
    const until = performance.now() + START_MS;
    const backoff = new Backoff(undefined, this.#options.owner);
    for (;;) {
      await this.attempt();
      if (this.#isThere) return;
      const leftMs = until - performance.now();
      if (leftMs <= 0) {
        throw new AgentNotFoundError(
          `Cannot find agent '${this.#options.address}': it did not start within ${START_MS} ms`,
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
