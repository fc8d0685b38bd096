import type { Entry } from "./_entries.ts";

/** Something that a step left behind. */
export interface Leak {
  /** Names the leak in a few words. */
  readonly what: string;
  /** The names of its owners, nearest first. */
  readonly owners: readonly string[];
  /** The resources that would end with it, briefly, by kind. */
  readonly owned: readonly string[];
  /** Where it was made: one line of user code, or the whole stack if traced. */
  readonly stack: string | null;
  /** The resource itself; `null` for a call, a stream or a reference. */
  readonly resource: object | null;
}

/** The number of agents or tasks to name; the others are only counted. */
const MAX_NAMES = 3;

/** Counts entries by kind, and names the first agents and tasks. */
export function describeOwned(entries: readonly Entry[]): string[] {
  return [...Map.groupBy(entries, ({ kind }) => kind)].map(([kind, of]) => {
    if (kind !== "agent" && kind !== "task") return `${of.length} ${kind}`;
    const names = of.slice(0, MAX_NAMES).map(({ what }) => what());
    const rest = of.length - names.length;
    return names.join(", ") + (rest > 0 ? ` and ${rest} more` : "");
  });
}

/** Describes a leak in one line, followed by the stack that made it. */
export function describeLeak(leak: Leak): string {
  const owners = leak.owners.map((owner) => ` of ${owner}`).join("");
  const rest = leak.owned.length > 0 ? `, with ${leak.owned.join(", ")}` : "";
  const stack = leak.stack === null ? "" : `\n${leak.stack}`;
  return `${leak.what}${owners}${rest}${stack}`;
}
