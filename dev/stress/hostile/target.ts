import type { Ctx } from "../../../testing/ctx_contract.ts";
import type { Effects } from "./effects.ts";
import type { Prey } from "./peer.ts";

/** A live server under attack, and an honest client of it. */
export interface Target {
  readonly address: string;
  readonly prey: Prey;
  /** Calls as an honest client; fails if that is not served as before. */
  readonly check: () => Promise<void>;
  /** Connections beside that of the honest client. */
  readonly connections: () => number;
  /** What the server holds, which must be nothing once its peers have left. */
  readonly held: () => Readonly<Record<string, number>>;
}

/** What makes a target; hostile agents listen at `addresses`. */
export type MakeTarget = (
  ctx: Ctx,
  effects: Effects,
  addresses: readonly string[],
) => Promise<Target>;

const HELD = [
  "pendingCalls",
  "waitingCalls",
  "unansweredRequests",
  "heldBytes",
  "unreadRequests",
  "queuedBytes",
];

/** What of a server's figures must be nothing once its peers have left. */
export function heldIn(stats: object): Record<string, number> {
  return Object.fromEntries(
    Object.entries(stats).filter(([name]) => HELD.includes(name)),
  );
}

/** Fails if an honest client got something else. */
export function expectSame(actual: unknown, wanted: unknown): void {
  if (actual === wanted) return;
  throw new Error(`an honest client got ${Deno.inspect(actual)}`);
}
