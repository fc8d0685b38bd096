import { Agent, expose } from "@denomas/denomas";
import { activationOf } from "@denomas/denomas/cluster";

/** The state of an auction. */
export interface Standing {
  readonly price: number;
  /** The name of the highest bidder; "" if nobody has bid. */
  readonly bidder: string;
  readonly bids: number;
}

/** The acknowledgement of a bid. */
export interface Receipt extends Standing {
  /** The name of the node that took the bid. */
  readonly node: string;
  /** The epoch of the agent on that node. */
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

  /** Takes a bid, which must be higher than the last one. */
  @expose
  async bid(bidder: string, price: number): Promise<Receipt> {
    const { bids, price: before } = this.#standing;
    if (price <= before) throw new RangeError(`The price is ${before}`);
    this.#standing = { price, bidder, bids: bids + 1 };
    // Save before the bid is acknowledged.
    await this.save();
    const { node, epoch } = activationOf(this);
    return { ...this.#standing, node, epoch };
  }

  @expose({ idempotent: true })
  standing(): Standing {
    return this.#standing;
  }
}

/** Bids in all auctions. Bidders are agents in a group. */
export class Bidder extends Agent {
  /** Returns the bidder's price for a lot; no two bidders offer the same. */
  @expose
  quote(lot: string): number {
    let quote = this.id.length;
    for (const letter of lot + this.id) {
      quote = (quote * 31 + letter.charCodeAt(0)) % 997;
    }
    return quote;
  }
}
