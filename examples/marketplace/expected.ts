import { clear, type Cleared, type Offer } from "./clearing.ts";
import { type DayPlan, isThere, offerOf, type SitePlan } from "./plan.ts";

/** The expected result of the whole day. */
export interface Expected {
  /** The result of each round. */
  readonly rounds: readonly Cleared[];
  /** The earnings of each bidder that earns anything, in tenths of a cent. */
  readonly earnings: ReadonlyMap<string, number>;
}

/** Computes the day from its plan, without agents. */
export function expectedOf({ sites, demand }: DayPlan): Expected {
  const rounds = demand.map((wanted, round) =>
    clear(sites.flatMap((site) => offersOf(site, round)), wanted)
  );
  return { rounds, earnings: earningsOf(rounds) };
}

function offersOf({ bidders, killedIn }: SitePlan, round: number): Offer[] {
  if (round >= killedIn) return [];
  return bidders.filter((bidder) => isThere(bidder, round))
    .flatMap((bidder) => offerOf(bidder, round) ?? []);
}

/** Returns the earnings of bidders in the rounds of a day. */
export function earningsOf(rounds: readonly Cleared[]): Map<string, number> {
  const earnings = new Map<string, number>();
  for (const { price, awards } of rounds) {
    for (const { bidder, amount } of awards) {
      earnings.set(bidder, (earnings.get(bidder) ?? 0) + amount * price);
    }
  }
  return earnings;
}
