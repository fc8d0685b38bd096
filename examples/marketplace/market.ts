import type { Container, SpawnedContainer } from "@denomas/denomas/agent";
import type { Remote } from "@denomas/denomas/rpc";
import type { Agency } from "./agents.ts";
import { Auctioneer } from "./auctioneer.ts";
import type { Cleared } from "./clearing.ts";
import { type DayPlan, LEAD_SECONDS, ROUND_SECONDS } from "./plan.ts";

/** A site with the container that its bidders live in. */
export interface Site {
  readonly name: string;
  readonly container: SpawnedContainer;
  readonly agency: Remote<Agency>;
}

/** A clock that is set from outside. */
interface SettableClock {
  setTime(time: number): void;
}

/** What is told of each round when it is over. */
export interface RoundReport {
  readonly round: number;
  readonly cleared: Cleared;
  readonly tookMs: number;
  /** How many bidders of each site took part. */
  readonly bidders: Readonly<Record<string, number>>;
}

/** What a market is made of. */
export interface MarketParts {
  readonly plan: DayPlan;
  readonly container: Container;
  readonly clock: SettableClock;
  readonly sites: readonly Site[];
  /** Kills the container of a site, and returns when it is dead. */
  readonly kill: (site: Site) => Promise<void>;
  readonly onRound: (report: RoundReport) => void;
}

/** How the day went. */
export interface MarketDay {
  readonly rounds: readonly Cleared[];
  /** By the bidders' own account, of those that could give one. */
  readonly earnings: ReadonlyMap<string, number>;
  /** Bidders that were gone without a word. */
  readonly lost: ReadonlySet<string>;
}

/** Runs a day of the market: hires all bidders, and holds every round. */
export async function runDay(parts: MarketParts): Promise<MarketDay> {
  const { plan, container, sites, onRound } = parts;
  const alive = new Set(sites);
  const killDue = async (round: number) => {
    for (const site of alive) {
      const { killedIn } = plan.sites.find(({ name }) => name === site.name)!;
      if (killedIn !== round) continue;
      alive.delete(site);
      await parts.kill(site);
    }
  };
  const auctioneer = await container.spawn(Auctioneer, {
    demand: plan.demand,
    beforeAwards: killDue,
  });
  await Promise.all(sites.map(({ name, agency }) => {
    const { bidders } = plan.sites.find((site) => site.name === name)!;
    return agency.hire(bidders, auctioneer.address);
  }));

  const rounds: Cleared[] = [];
  for (const round of plan.demand.keys()) {
    const startedAt = performance.now();
    const time = round * ROUND_SECONDS;
    await setTime(parts, alive, time - LEAD_SECONDS);
    await setTime(parts, alive, time);
    const cleared = await auctioneer.buy(round);
    rounds.push(cleared);
    const tookMs = performance.now() - startedAt;
    onRound({ round, cleared, tookMs, bidders: auctioneer.sizes() });
  }
  await setTime(parts, alive, plan.demand.length * ROUND_SECONDS);
  return { rounds, earnings: auctioneer.earnings, lost: auctioneer.lost };
}

/** Sets all clocks, and waits until those that this has woken have come or gone. */
async function setTime(
  { clock }: MarketParts,
  sites: ReadonlySet<Site>,
  time: number,
): Promise<void> {
  clock.setTime(time);
  await Promise.all([...sites].map(async ({ container, agency }) => {
    await container.setTime(time);
    await agency.settled();
  }));
}
