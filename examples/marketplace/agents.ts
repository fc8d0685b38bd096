import { Agent, type Container } from "@denomas/denomas/agent";
import { expose, type Remote } from "@denomas/denomas/rpc";
import type { Auctioneer } from "./auctioneer.ts";
import type { Offer } from "./clearing.ts";
import {
  type BidderPlan,
  LEAD_SECONDS,
  offerOf,
  ROUND_SECONDS,
} from "./plan.ts";

/** Hires the bidders of one container. */
export class Agency extends Agent {
  /** Creates bidders that sell through the auctioneer at `address`. */
  @expose
  async hire(
    bidders: readonly BidderPlan[],
    address: string,
  ): Promise<number> {
    const auctioneer = await this.container.connect<Auctioneer>(address);
    for (const plan of bidders) {
      await this.container.spawn(Bidder, { plan, auctioneer });
    }
    return bidders.length;
  }
}

/** The dependencies of a {@linkcode Bidder}. */
export interface BidderParts {
  readonly plan: BidderPlan;
  readonly auctioneer: Remote<Auctioneer>;
}

/**
 * Sells power: joins, makes offers, and leaves, by the clock of its container.
 */
export class Bidder extends Agent {
  readonly #parts: BidderParts;
  /** Its earnings, by round. */
  readonly #sold = new Map<number, number>();

  /** Called by its agency. */
  constructor(container: Container, parts: BidderParts) {
    super(container, { id: parts.plan.name });
    this.#parts = parts;
  }

  /** Plans its day. */
  protected override onStart(): void {
    const { from, until } = this.#parts.plan;
    const { clock } = this.container;
    const timeOf = (round: number) => round * ROUND_SECONDS - LEAD_SECONDS;
    this.run(async (signal) => {
      await clock.sleepUntil(timeOf(from), { signal });
      await this.#parts.auctioneer.join(this.id, this.address);
      await clock.sleepUntil(timeOf(until), { signal });
      await this.#leave();
      void this.close(); // which waits for this task
    });
  }

  /** Answers the call for proposals of a round. */
  @expose
  propose(round: number): Offer | null {
    return offerOf(this.#parts.plan, round);
  }

  /**
   * Receives the result of a round: the amount sold, and the price. The last
   * result of a round counts.
   */
  @expose
  award(round: number, amount: number, price: number): void {
    this.#sold.set(round, amount * price);
  }

  async #leave(): Promise<void> {
    const earned = [...this.#sold.values()].reduce((a, b) => a + b, 0);
    await this.#parts.auctioneer.leave(this.id, earned);
  }
}
