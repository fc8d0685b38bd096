import {
  Container,
  type ExternalClock,
  fastForward,
  type SpawnedContainer,
} from "@denomas/denomas/agent";
import type { Agency } from "./agents.ts";
import { Auctioneer } from "./auctioneer.ts";
import type { Cleared } from "./clearing.ts";
import { type DayPlan, ROUND_SECONDS } from "./plan.ts";

/** A site with the container that its bidders live in. */
export interface Site {
  readonly name: string;
  /** Spawned, or in this process with the clock of the market. */
  readonly container: Container | SpawnedContainer;
  readonly agency: Pick<Agency, "hire">;
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
  readonly clock: ExternalClock;
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
  const { plan, container, clock, sites, onRound } = parts;
  const spawned = sites.flatMap((site) =>
    site.container instanceof Container ? [] : [site.container]
  );
  // Those who come or go before a round have done so at its time.
  const runUntil = (until: number) =>
    fastForward([clock, ...spawned], { until });
  const killDue = async (round: number) => {
    for (const site of sites) {
      const { killedIn } = plan.sites.find(({ name }) => name === site.name)!;
      if (killedIn === round) await parts.kill(site);
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
    await runUntil(round * ROUND_SECONDS);
    const cleared = await auctioneer.buy(round);
    rounds.push(cleared);
    const tookMs = performance.now() - startedAt;
    onRound({ round, cleared, tookMs, bidders: auctioneer.sizes() });
  }
  await runUntil(plan.demand.length * ROUND_SECONDS);
  return { rounds, earnings: auctioneer.earnings, lost: auctioneer.lost };
}
