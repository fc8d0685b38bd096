import { clear, type Cleared, type Offer } from "./clearing.ts";
import { type DayPlan, isThere, offerOf, type SitePlan } from "./plan.ts";

/** How the whole day should come out. */
export interface Expected {
  /** Each round. */
  readonly rounds: readonly Cleared[];
  /** What each bidder earns, in tenths of a cent; of those that earn anything. */
  readonly earnings: ReadonlyMap<string, number>;
}

/** Computes the day from its plan, without any agents. */
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

/** What bidders earn by the rounds of a day. */
export function earningsOf(rounds: readonly Cleared[]): Map<string, number> {
  const earnings = new Map<string, number>();
  for (const { price, awards } of rounds) {
    for (const { bidder, amount } of awards) {
      earnings.set(bidder, (earnings.get(bidder) ?? 0) + amount * price);
    }
  }
  return earnings;
}
