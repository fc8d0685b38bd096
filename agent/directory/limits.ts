import { checkRange } from "../../channel/internal.ts";

/** The limits of what peers can make a directory hold. */
export interface DirectoryLimits {
  /**
   * The most entries, including those of agents that were not reached yet. One
   * more is a `ServerBusyError`.
   *
   * @default {100_000}
   */
  readonly maxEntries?: number | undefined;
  /**
   * The most entries of one agent. One more is a `ServerBusyError`.
   *
   * @default {64}
   */
  readonly maxEntriesPerAgent?: number | undefined;
  /**
   * The most entries of agents in one container. One more is a
   * `ServerBusyError`.
   *
   * @default {10_000}
   */
  readonly maxEntriesPerContainer?: number | undefined;
  /**
   * The most entries of agents on one host; all addresses of the directory's own
   * machine count as one host. One more is a `ServerBusyError`.
   *
   * @default {50_000}
   */
  readonly maxEntriesPerHost?: number | undefined;
  /**
   * The estimated memory of all entries, in bytes. The entries of one host may
   * take half of it, and those of one container half of what its host has left.
   * An entry beyond that is a `ServerBusyError`.
   *
   * @default {1_073_741_824}
   */
  readonly maxEntryBytes?: number | undefined;
  /**
   * The most subscribers at the same time. One more is a `ServerBusyError`. Each
   * takes memory for the entries that it has yet to hear of.
   *
   * @default {1_000}
   */
  readonly maxSubscribers?: number | undefined;
  /**
   * The most subscribers on one connection. One more is a `ServerBusyError`.
   *
   * @default {64}
   */
  readonly maxSubscribersPerConnection?: number | undefined;
  /**
   * The most subscribers on one host. One more is a `ServerBusyError`.
   *
   * @default {500}
   */
  readonly maxSubscribersPerHost?: number | undefined;
  /**
   * The most entries that all subscribers together have yet to hear of. A
   * subscriber that needs more is ended with a `ServerBusyError`; it may take
   * half of what is free. Each entry takes about 100 bytes.
   *
   * @default {4_000_000}
   */
  readonly maxSubscribedEntries?: number | undefined;
}

/** Limits with all defaults filled in. */
export type ResolvedLimits = {
  readonly [K in keyof DirectoryLimits]-?: number;
};

/** The default limits. */
export const DEFAULT_DIRECTORY_LIMITS: ResolvedLimits = {
  maxEntries: 100_000,
  maxEntriesPerAgent: 64,
  maxEntriesPerContainer: 10_000,
  maxEntriesPerHost: 50_000,
  maxEntryBytes: 1024 * 1024 * 1024,
  maxSubscribers: 1_000,
  maxSubscribersPerConnection: 64,
  maxSubscribersPerHost: 500,
  maxSubscribedEntries: 4_000_000,
};

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a limit is negative or not a number.
 */
export function resolveDirectoryLimits(
  limits: DirectoryLimits = {},
): ResolvedLimits {
  const given = Object.entries(limits)
    .filter(([, value]) => value !== undefined);
  for (const [name, value] of given) checkRange(name, value!, 0);
  return { ...DEFAULT_DIRECTORY_LIMITS, ...Object.fromEntries(given) };
}
