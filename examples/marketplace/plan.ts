import type { Offer } from "./clearing.ts";

/** A round takes five minutes. */
export const ROUND_SECONDS = 300;

/** How many there are in an hour. */
export const ROUNDS_PER_HOUR = 3_600 / ROUND_SECONDS;

/** How many there are in a day. */
export const ROUNDS = 24 * ROUNDS_PER_HOUR;

/** Bidders come and go so long before a round, in seconds. */
export const LEAD_SECONDS = 60;

/** The date of the day. */
export const DAY = "2026-06-21";

/** How a bidder makes power, by which its offers change over the day. */
export type Kind = "wind" | "sun" | "gas";

/** All there is to know of a bidder. */
export interface BidderPlan {
  /** Its name, and the id of its agent. */
  readonly name: string;
  readonly kind: Kind;
  /** The most that it can make in one round, in kWh. */
  readonly size: number;
  /** What it asks for at least, in tenths of a cent for a kWh. */
  readonly cost: number;
  /** The first round in which it takes part. */
  readonly from: number;
  /** The first one in which it does not any more. */
  readonly until: number;
  /** What the weather does where it is. */
  readonly seed: number;
}

/** A group of bidders that live in one container. */
export interface SitePlan {
  readonly name: string;
  readonly bidders: readonly BidderPlan[];
  /** The round in which its container is killed; `Infinity` for never. */
  readonly killedIn: number;
}

/** What the whole day is made of. */
export interface DayPlan {
  readonly sites: readonly SitePlan[];
  /** What is wanted in each round, in kWh. */
  readonly demand: readonly number[];
}

/** What a day is made of. */
export interface DayOptions {
  readonly seed: number;
  readonly biddersPerSite: number;
  /** Names of the sites, and the rounds in which they are killed. */
  readonly sites: Readonly<Record<string, number>>;
}

/** Plans a day; the same one for the same options. */
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
      // Little at night, most at breakfast and in the evening.
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

/** What a bidder offers in a round; `null` for nothing. */
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

/** Returns whether a bidder takes part in a round, if it is let. */
export function isThere(
  { from, until }: BidderPlan,
  round: number,
): boolean {
  return from <= round && round < until;
}

/** Numbers from 0 to 1 that only depend on the seed (the method of mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
