import { randomFrom } from "../marketplace/plan.ts";

/** Seconds in an hour, and in a week. */
export const HOUR = 3_600;
export const WEEK = 7 * 24 * HOUR;

/** The number of calls for proposals before a manager gives a task up. */
export const ROUNDS = 12;

/** The containers of the agents, and the number of agents in each. */
export const SITES = ["north", "east", "south", "west"] as const;
export type Site = typeof SITES[number];
export const MANAGERS_PER_SITE = 10;
export const CONTRACTORS_PER_SITE = 40;

/** The plan of a contractor. */
export interface ContractorPlan {
  /** The contractor's name, which begins with its site, and its agent's id. */
  readonly name: string;
  /** The hours of work that it does in an hour. */
  readonly speed: number;
  /** The price of an hour of work. */
  readonly price: number;
  /**
   * The number of jobs after which it breaks down in the next one; `null` for
   * never.
   */
  readonly breaksAfter: number | null;
  /** The seed of its bids. */
  readonly seed: number;
}

/** A task. All times are in seconds since the start. */
export interface Task {
  readonly id: number;
  /** The time of its announcement. */
  readonly at: number;
  /** The amount of work: the time it takes at a speed of 1. */
  readonly work: number;
  /** The time limit for bids. */
  readonly deadline: number;
  /** The pause before it is announced again. */
  readonly pause: number;
}

/** A manager and its tasks. */
export interface ManagerPlan {
  readonly name: string;
  readonly tasks: readonly Task[];
}

/** The plan of a week. */
export interface WeekPlan {
  readonly managers: readonly ManagerPlan[];
  readonly contractors: readonly ContractorPlan[];
  /** The length of the week, in seconds of the clock. */
  readonly seconds: number;
  /** The site that is killed, and the time. */
  readonly killed: { readonly site: Site; readonly at: number };
}

/** Plans a week that takes `seconds`; deterministic for the same arguments. */
export function planWeek(
  tasksPerManager: number,
  { seed = 7, seconds = WEEK } = {},
): WeekPlan {
  const random = randomFrom(seed);
  const unit = seconds / WEEK;
  const agents = <T>(count: number, plan: (name: string) => T): T[] =>
    SITES.flatMap((site) =>
      Array.from({ length: count }, (_, i) => plan(`${site}-${i}`))
    );
  let id = 0;
  const planTask = (): Task => ({
    id: id++,
    at: (0.01 + 0.7 * random()) * seconds,
    work: (6 + 24 * random()) * HOUR * unit,
    deadline: 4 * HOUR * unit,
    pause: (1 + random()) * HOUR * unit,
  });
  return {
    seconds,
    killed: { site: "south", at: seconds / 2 },
    managers: agents(MANAGERS_PER_SITE, (name) => ({
      name: `${name}-manager`,
      tasks: Array.from({ length: tasksPerManager }, planTask),
    })),
    contractors: agents(CONTRACTORS_PER_SITE, (name) => ({
      name,
      speed: 0.5 + random(),
      price: 20 + 30 * random(),
      breaksAfter: random() < 0.3 ? Math.floor(2 * random()) : null,
      seed: Math.floor(random() * 2 ** 31),
    })),
  };
}

/** A contractor's bid for a task. */
export interface Bid {
  readonly name: string;
  readonly price: number;
}

/** Orders bids, no two of which are equal. */
export function byPrice(a: Bid, b: Bid): number {
  return a.price - b.price || (a.name < b.name ? -1 : 1);
}

/** Returns a contractor's bid, and how long the contractor thinks about it. */
export function bidOf(
  { name, price, seed }: ContractorPlan,
  { id, deadline }: Task,
): Bid & { readonly thinks: number } {
  const random = randomFrom(seed + id);
  return {
    name,
    price: Math.round(price * (0.8 + 0.4 * random())),
    // Some contractors think too long.
    thinks: (Math.floor(6 * random()) + 0.5) * deadline / 4,
  };
}

/**
 * Returns the time a contractor needs for a task, including a repair if it
 * breaks down.
 */
export function durationOf(
  { speed, breaksAfter }: ContractorPlan,
  { work }: Task,
  jobs: number,
): number {
  return work / speed * (jobs === breaksAfter ? 1.5 : 1);
}
