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

/** A site and the container of its bidders. */
export interface Site {
  readonly name: string;
  /** Either spawned, or in this process with the clock of the market. */
  readonly container: Container | SpawnedContainer;
  readonly agency: Pick<Agency, "hire">;
}

/** The report of a finished round. */
export interface RoundReport {
  readonly round: number;
  readonly cleared: Cleared;
  readonly tookMs: number;
  /** The number of participating bidders of each site. */
  readonly bidders: Readonly<Record<string, number>>;
}

/** The dependencies of {@linkcode runDay}. */
export interface MarketParts {
  readonly plan: DayPlan;
  readonly container: Container;
  readonly clock: ExternalClock;
  readonly sites: readonly Site[];
  /** Kills the container of a site; resolves when it is dead. */
  readonly kill: (site: Site) => Promise<void>;
  readonly onRound: (report: RoundReport) => void;
}

/** The result of the day. */
export interface MarketDay {
  readonly rounds: readonly Cleared[];
  /**
   * The earnings that bidders reported themselves. Lost bidders reported none.
   */
  readonly earnings: ReadonlyMap<string, number>;
  /** Bidders that disappeared without leaving. */
  readonly lost: ReadonlySet<string>;
}

/** Runs a day of the market: hires all bidders, and holds every round. */
export async function runDay(parts: MarketParts): Promise<MarketDay> {
  const { plan, container, clock, sites, onRound } = parts;
  const spawned = sites.flatMap((site) =>
    site.container instanceof Container ? [] : [site.container]
  );
  // Advance to a round, so that bidders have joined and left before it.
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
