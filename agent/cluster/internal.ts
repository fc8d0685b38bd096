/**
 * The names that engines outside of this folder use, and users do not.
 *
 * @module
 */
export { checkKey, checkLease, checkPrefix, checkValue } from "./_checks.ts";
export { WatchedEntries, type WatchRound } from "./_watched_entries.ts";
