import {
  Agent,
  AgentNotFoundError,
  type Container,
} from "@denomas/denomas/agent";
import { ConnectionClosedError } from "@denomas/denomas/channel";
import { ConnectError } from "@denomas/denomas/transports";
import { expose, type Remote } from "@denomas/denomas/rpc";
import type { Bidder } from "./agents.ts";
import { clear, type Cleared, type Offer } from "./clearing.ts";

/** The dependencies of an {@linkcode Auctioneer}. */
export interface AuctioneerParts {
  /** The demand in each round, in kWh. */
  readonly demand: readonly number[];
  /** Runs between offers and awards, the most critical moment. */
  readonly beforeAwards: (round: number) => Promise<void>;
}

/**
 * Buys the demand of each round from the cheapest bidders with a contract net:
 * it calls for proposals, awards the best ones, and repeats the awards without
 * the bidders that turn out to be gone.
 */
export class Auctioneer extends Agent {
  /** The earnings of bidders that have left, as reported by themselves. */
  readonly earnings: Map<string, number> = new Map();
  /** Bidders that disappeared without leaving. */
  readonly lost: Set<string> = new Set();
  readonly #parts: AuctioneerParts;
  readonly #bidders = new Map<string, Remote<Bidder>>();

  /** Called in the main process. */
  constructor(container: Container, parts: AuctioneerParts) {
    super(container, { id: "auctioneer" });
    this.#parts = parts;
  }

  /** Returns the number of participating bidders of each site. */
  sizes(): Record<string, number> {
    const sizes: Record<string, number> = {};
    for (const name of this.#bidders.keys()) {
      const [site] = name.split("-", 1);
      sizes[site!] = (sizes[site!] ?? 0) + 1;
    }
    return sizes;
  }

  /** Adds a bidder. */
  @expose
  async join(name: string, address: string): Promise<void> {
    this.#bidders.set(name, await this.container.connect<Bidder>(address));
    this.#watch(name, address);
  }

  /** Removes a bidder, and records its earnings. */
  @expose
  leave(name: string, earned: number): void {
    this.#bidders.delete(name);
    this.earnings.set(name, earned);
  }

  /** Marks a bidder as lost when it disappears without leaving. */
  #watch(name: string, address: string): void {
    this.run(async (signal) => {
      await this.container.watch(address, { signal });
      this.#strike(name);
    });
  }

  #strike(name: string): void {
    if (this.#bidders.delete(name)) this.lost.add(name);
  }

  /** Buys the demand of a round. */
  async buy(round: number): Promise<Cleared> {
    let offers = await this.#callForProposals(round);
    await this.#parts.beforeAwards(round);
    for (;;) {
      const cleared = clear(offers, this.#parts.demand[round]!);
      const gone = await this.#award(round, cleared);
      if (gone.size === 0) return cleared;
      offers = offers.filter(({ bidder }) => !gone.has(bidder));
    }
  }

  async #callForProposals(round: number): Promise<Offer[]> {
    const offers = await Promise.all(
      [...this.#bidders].map(async ([name, bidder]) => {
        const answer = await this.#ask(name, () => bidder.propose(round));
        return answer?.value ?? [];
      }),
    );
    return offers.flat();
  }

  /** Notifies the winners; returns those that are gone. */
  async #award(
    round: number,
    { awards, price }: Cleared,
  ): Promise<Set<string>> {
    const gone = new Set<string>();
    await Promise.all(awards.map(async ({ bidder: name, amount }) => {
      const bidder = this.#bidders.get(name);
      const answer = bidder &&
        await this.#ask(name, () => bidder.award(round, amount, price));
      if (!answer) gone.add(name);
    }));
    return gone;
  }

  /**
   * Returns a bidder's answer; `null` if the bidder is gone, which may happen
   * at any time.
   */
  async #ask<T>(
    name: string,
    question: () => Promise<T>,
  ): Promise<{ readonly value: T } | null> {
    try {
      return { value: await question() };
    } catch (error) {
      // The connection was lost during this call, or before it.
      const isGone = error instanceof ConnectionClosedError ||
        error instanceof ConnectError || error instanceof AgentNotFoundError;
      if (!isGone) throw error;
      this.#strike(name);
      return null;
    }
  }
}
