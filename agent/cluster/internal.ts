/**
 * Names for engines outside of this folder. Not for users.
 *
 * @module
 */
export { checkKey, checkLease, checkPrefix, checkValue } from "./_checks.ts";
export { WatchedEntries, type WatchRound } from "./_watched_entries.ts";
