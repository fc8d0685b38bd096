/** What a bidder would sell in one round. */
export interface Offer {
  /** Name of the bidder. */
  readonly bidder: string;
  /** For how much at least, in tenths of a cent for a kWh. */
  readonly price: number;
  /** How much at most, in kWh. */
  readonly amount: number;
}

/** What a bidder has sold in one round. */
export interface Award {
  readonly bidder: string;
  readonly amount: number;
}

/** How a round came out. */
export interface Cleared {
  /** What each of the awards is paid, in tenths of a cent for a kWh. */
  readonly price: number;
  readonly awards: readonly Award[];
  /** What nobody sold, in kWh. */
  readonly missing: number;
}

/**
 * Takes the cheapest offers until the demand is covered. All are paid what the
 * dearest of them asked for. Of offers at the same price, names decide.
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
