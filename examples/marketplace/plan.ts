import type { Offer } from "./clearing.ts";

/** The length of a round, in seconds. */
export const ROUND_SECONDS = 300;

/** The number of rounds in an hour. */
export const ROUNDS_PER_HOUR = 3_600 / ROUND_SECONDS;

/** The number of rounds in a day. */
export const ROUNDS = 24 * ROUNDS_PER_HOUR;

/** The time before a round at which bidders join and leave, in seconds. */
export const LEAD_SECONDS = 60;

/** The date of the day. */
export const DAY = "2026-06-21";

/** A way to generate power, which determines how offers change over the day. */
export type Kind = "wind" | "sun" | "gas";

/** The plan of a bidder. */
export interface BidderPlan {
  /** The bidder's name, and its agent's id. */
  readonly name: string;
  readonly kind: Kind;
  /** The maximum amount it can generate in one round, in kWh. */
  readonly size: number;
  /** The minimum price it asks for, in tenths of a cent per kWh. */
  readonly cost: number;
  /** The first round in which it takes part. */
  readonly from: number;
  /** The first round in which it no longer takes part. */
  readonly until: number;
  /** The seed of the weather at its location. */
  readonly seed: number;
}

/** A group of bidders that live in one container. */
export interface SitePlan {
  readonly name: string;
  readonly bidders: readonly BidderPlan[];
  /** The round in which its container is killed; `Infinity` for never. */
  readonly killedIn: number;
}

/** The plan of the whole day. */
export interface DayPlan {
  readonly sites: readonly SitePlan[];
  /** The demand in each round, in kWh. */
  readonly demand: readonly number[];
}

/** Options for {@linkcode planDay}. */
export interface DayOptions {
  readonly seed: number;
  readonly biddersPerSite: number;
  /** The rounds in which the sites are killed, by name. */
  readonly sites: Readonly<Record<string, number>>;
}

/** Plans a day; deterministic for the same options. */
export function planDay({ seed, biddersPerSite, sites }: DayOptions): DayPlan {
  const random = randomFrom(seed);
  return {
    sites: Object.entries(sites).map(([name, killedIn]) => ({
      name,
      killedIn,
      bidders: Array.from(
        { length: biddersPerSite },
        (_, index) => planBidder(`${name}-${index + 1}`, random),
      ),
    })),
    demand: Array.from({ length: ROUNDS }, (_, round) => {
      // Low at night, highest at breakfast time and in the evening.
      const hour = round / ROUNDS_PER_HOUR;
      const shape = 1 + Math.exp(-((hour - 8) ** 2) / 6) +
        1.4 * Math.exp(-((hour - 19) ** 2) / 8);
      return Math.round(biddersPerSite * (20 * shape + 4 * random()));
    }),
  };
}

function planBidder(name: string, random: () => number): BidderPlan {
  const kind = (["wind", "sun", "gas"] as const)[Math.floor(3 * random())]!;
  const cost = { wind: 20, sun: 15, gas: 80 }[kind];
  // A third stays all day, others come later, or leave, or both.
  const noon = ROUNDS / 2;
  const from = random() < 0.4 ? Math.floor(random() * noon) : 0;
  const until = random() < 0.4
    ? noon + 1 + Math.floor(random() * (noon - 1))
    : ROUNDS;
  return {
    name,
    kind,
    size: 20 + Math.floor(random() * 60),
    cost: cost + Math.floor(random() * cost),
    from,
    until,
    seed: Math.floor(random() * 2 ** 31),
  };
}

/** Returns a bidder's offer in a round; `null` if it offers nothing. */
export function offerOf(
  { name, kind, size, cost, seed }: BidderPlan,
  round: number,
): Offer | null {
  const weather = randomFrom(seed + round)();
  const hour = round / ROUNDS_PER_HOUR;
  const part = {
    wind: 0.3 + 0.7 * weather,
    sun: Math.max(0, Math.sin((hour - 5) / 16 * Math.PI)) * (0.5 + weather / 2),
    gas: 1,
  }[kind];
  const amount = Math.floor(size * part);
  if (amount === 0) return null;
  return { bidder: name, price: cost + Math.floor(weather * 10), amount };
}

/** Returns whether a bidder is planned to take part in a round. */
export function isThere(
  { from, until }: BidderPlan,
  round: number,
): boolean {
  return from <= round && round < until;
}

/**
 * Creates a generator of numbers from 0 to 1 (mulberry32), which depend only on
 * the seed.
 */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
