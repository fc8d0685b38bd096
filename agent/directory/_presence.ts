import { Backoff } from "../../channel/internal.ts";
import { readThrown } from "../../channel/message.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { world } from "../../transports/internal.ts";
import { parseAgentAddress } from "../address.ts";
import type { LinkLease } from "../links/_links.ts";
import type { Listing } from "./_entries.ts";
import type { OpenLink } from "./_proofs.ts";

/** The time within which an agent that registers has to start. */
const START_MS = 10_000;

/** Options for the constructor of {@linkcode Presence}. */
export interface PresenceOptions {
  /** The object that owns its timers. */
  readonly owner: object;
  readonly open: OpenLink;
  /** The address of the agent. */
  readonly address: string;
  /** Hears when the agent was reached for the first time. */
  readonly onThere: (presence: Presence) => void;
}

/** The presence of one agent, for all its registrations. */
export class Presence {
  readonly listings = new Set<Listing>();
  readonly #options: PresenceOptions;
  readonly #stopping = new AbortController();
  /** Aborts when waiting for the agent to start is over. */
  readonly #starting = new AbortController();
  /** Keeps the connection to its container. */
  #lease: LinkLease | null = null;
  #isThere = false;
  #attempt: Promise<void> | null = null;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  /** Whether the agent has been reached. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /**
   * Tries to reach the agent, unless it was reached. Does not wait if its
   * container has no such agent yet: an agent that registers while it starts
   * would wait for itself.
   *
   * @throws {unknown} If its container cannot be reached, or this was stopped.
   */
  async attempt(): Promise<void> {
    if (this.#isThere) return;
    // Simultaneous attempts share their outcome.
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
    const { open, address } = this.#options;
    const { container } = parseAgentAddress(address);
    const lease = await open(container, signal);
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

  get #id(): string {
    return parseAgentAddress(this.#options.address).id;
  }

  /** Watches the agent; resolves to a reason when it is gone. */
  async follow(): Promise<string> {
    const { signal } = this.#stopping;
    try {
      await this.#untilThere();
      const lease = await this.#connect();
      return await lease.ask((link) => link.watch(this.#id, signal));
    } catch (error) {
      return readThrown(error).message;
    } finally {
      this.#disconnect();
    }
  }

  async #untilThere(): Promise<void> {
    const until = world.now() + START_MS;
    const backoff = new Backoff(undefined, this.#options.owner);
    for (;;) {
      await this.attempt();
      if (this.#isThere) return;
      const leftMs = until - world.now();
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

  /** Stops to watch the agent. */
  stop(reason: string): void {
    const error = new DOMException(reason, "AbortError");
    this.#stopping.abort(error);
    this.#starting.abort(error);
  }
}
