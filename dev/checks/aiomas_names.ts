/**
 * Checks that the guide for those who come from aiomas tells of every name that
 * aiomas 2.0.1 has. The names, with their arguments, are in
 * `dev/checks/aiomas/names.txt`, one a line; they were read from its source once.
 *
 * @module
 */

import { ROOT } from "./_project.ts";

/** The file with the names. */
export const NAMES = `${ROOT}/dev/checks/aiomas/names.txt`;

/** The guide. */
export const GUIDE = `${ROOT}/docs/from_aiomas.md`;

/** The names of a list, one a line. */
export function parseNames(text: string): Set<string> {
  return new Set(text.split("\n").filter((line) => line !== ""));
}

/**
 * The names that a guide tells of: the code in the first column of the tables
 * in each section whose heading is the name of a module in code, with that
 * name before them.
 */
export function namesInGuide(text: string): Set<string> {
  const names = new Set<string>();
  let module: string | null = null;
  for (const line of text.split("\n")) {
    if (line.startsWith("#")) module = /`([a-z_]+)`/.exec(line)?.[1] ?? null;
    if (module === null || !line.startsWith("|")) continue;
    for (const [, name] of line.split("|")[1]!.matchAll(/`([^`]+)`/g)) {
      names.add(`${module}.${name}`);
    }
  }
  return names;
}

/** What the guide does not tell of, and what it tells of in vain. */
export function nameBreaches(
  wanted: ReadonlySet<string>,
  told: ReadonlySet<string>,
): string[] {
  return [
    ...[...wanted.difference(told)].map((it) => `the guide lacks '${it}'`),
    ...[...told.difference(wanted)].map((it) => `aiomas has no '${it}'`),
  ];
}
