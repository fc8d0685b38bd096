import { Agent, expose } from "@denomas/denomas";
import { activationOf } from "@denomas/denomas/cluster";

/** How an auction stands. */
export interface Standing {
  readonly price: number;
  /** The name of who has bid that; "" for nobody. */
  readonly bidder: string;
  readonly bids: number;
}

/** Where a bid was taken. */
export interface Receipt extends Standing {
  /** The name of the node. */
  readonly node: string;
  /** The epoch of the agent there. */
  readonly epoch: number;
}

/** The auction of one lot: a virtual agent, which lives on any node. */
export class Auction extends Agent {
  #standing: Standing = { price: 0, bidder: "", bids: 0 };

  protected override snapshot(): Standing {
    return this.#standing;
  }
  protected override restore(standing: Standing): void {
    this.#standing = standing;
  }

  /** Takes a bid that is higher than the last one. */
  @expose
  async bid(bidder: string, price: number): Promise<Receipt> {
    const { bids, price: before } = this.#standing;
    if (price <= before) throw new RangeError(`The price is ${before}`);
    this.#standing = { price, bidder, bids: bids + 1 };
    // Before it is acknowledged.
    await this.save();
    const { node, epoch } = activationOf(this);
    return { ...this.#standing, node, epoch };
  }

  @expose({ idempotent: true })
  standing(): Standing {
    return this.#standing;
  }
}

/** Bids in all auctions: an agent in a group. */
export class Bidder extends Agent {
  /** What it pays for a lot, which no two bidders pay alike. */
  @expose
  quote(lot: string): number {
    let quote = this.id.length;
    for (const letter of lot + this.id) {
      quote = (quote * 31 + letter.charCodeAt(0)) % 997;
    }
    return quote;
  }
}
