/** A bidder's offer for one round. */
export interface Offer {
  /** The name of the bidder. */
  readonly bidder: string;
  /** The minimum price, in tenths of a cent per kWh. */
  readonly price: number;
  /** The maximum amount, in kWh. */
  readonly amount: number;
}

/** The amount that a bidder has sold in one round. */
export interface Award {
  readonly bidder: string;
  readonly amount: number;
}

/** The result of a round. */
export interface Cleared {
  /** The price paid for all awards, in tenths of a cent per kWh. */
  readonly price: number;
  readonly awards: readonly Award[];
  /** The demand that nobody met, in kWh. */
  readonly missing: number;
}

/**
 * Takes the cheapest offers until the demand is met. All winners are paid the
 * price of the most expensive winning offer. Offers with equal prices are
 * ordered by name.
 */
export function clear(offers: readonly Offer[], demand: number): Cleared {
  const awards: Award[] = [];
  let missing = demand;
  let price = 0;
  for (const offer of offers.toSorted(byPrice)) {
    if (missing === 0) break;
    const amount = Math.min(offer.amount, missing);
    awards.push({ bidder: offer.bidder, amount });
    missing -= amount;
    price = offer.price;
  }
  return { price, awards, missing };
}

function byPrice(a: Offer, b: Offer): number {
  return a.price - b.price || (a.bidder < b.bidder ? -1 : 1);
}
