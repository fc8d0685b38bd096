import { checkRange } from "../../channel/internal.ts";

/** The limits of what peers can make a directory hold. */
export interface DirectoryLimits {
  /**
   * Entries in all, those of agents that were not reached yet included. One
   * more is a `ServerBusyError`.
   *
   * @default {100_000}
   */
  readonly maxEntries?: number | undefined;
  /**
   * Entries of one agent. One more is a `ServerBusyError`.
   *
   * @default {64}
   */
  readonly maxEntriesPerAgent?: number | undefined;
  /**
   * Entries of agents in one container. One more is a `ServerBusyError`.
   *
   * @default {10_000}
   */
  readonly maxEntriesPerContainer?: number | undefined;
  /**
   * Entries of agents on one host; all addresses of the directory's own machine
   * are one. One more is a `ServerBusyError`.
   *
   * @default {50_000}
   */
  readonly maxEntriesPerHost?: number | undefined;
  /**
   * About how much memory all entries may take, in bytes. Those of one host may
   * take half of it, and those of one container half of what its host has left.
   * One more is a `ServerBusyError`.
   *
   * @default {1_073_741_824}
   */
  readonly maxEntryBytes?: number | undefined;
  /**
   * Subscribers at the same time. One more is a `ServerBusyError`. Each takes
   * memory for the entries that it was told of.
   *
   * @default {1_000}
   */
  readonly maxSubscribers?: number | undefined;
  /**
   * Subscribers on one connection. One more is a `ServerBusyError`.
   *
   * @default {64}
   */
  readonly maxSubscribersPerConnection?: number | undefined;
  /**
   * Subscribers of one host. One more is a `ServerBusyError`.
   *
   * @default {500}
   */
  readonly maxSubscribersPerHost?: number | undefined;
  /**
   * Entries that all subscribers together were told of or have yet to hear of.
   * The one that needs more is ended, with a `ServerBusyError`; it may take no
   * more than half of what is free. Each takes about 100 bytes.
   *
   * @default {4_000_000}
   */
  readonly maxSubscribedEntries?: number | undefined;
  /**
   * Properties of an entry, or of a query. One more is a `ValidationError`, and
   * so is a list of more values in a query.
   *
   * @default {16}
   */
  readonly maxProperties?: number | undefined;
  /**
   * Length of a type, an address, a key, and a property's name or value, in
   * UTF-16 units. A longer one is a `ValidationError`.
   *
   * @default {256}
   */
  readonly maxTextLength?: number | undefined;
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
  maxProperties: 16,
  maxTextLength: 256,
};

/**
 * Fills in the defaults.
 *
 * @throws {RangeError} If a limit is negative or not a number.
 */
export function resolveDirectoryLimits(
  limits: DirectoryLimits = {},
): ResolvedLimits {
  const resolved: Record<string, number> = { ...DEFAULT_DIRECTORY_LIMITS };
  for (const [name, value] of Object.entries(limits)) {
    if (value === undefined) continue;
    checkRange(name, value, 0);
    resolved[name] = value;
  }
  return resolved as unknown as ResolvedLimits;
}
