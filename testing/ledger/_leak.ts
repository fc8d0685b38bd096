import type { ResourceKind } from "../../transports/internal.ts";

/** Something that a step left behind. */
export interface Leak {
  /** What it is, in a few words. */
  readonly what: string;
  /** Who owns it, the nearest first. */
  readonly owners: readonly string[];
  /** How much it owns, which would end with it: the kinds and their numbers. */
  readonly owned: ReadonlyMap<ResourceKind, number>;
  /** Where it was made, if that was traced. */
  readonly stack: string | null;
  /** The thing itself; a call has none. */
  readonly resource: object | null;
}

/** A leak in one line, and the stack that made it in more. */
export function describeLeak(leak: Leak): string {
  const owners = leak.owners.map((owner) => ` of ${owner}`).join("");
  const owned = [...leak.owned].map(([kind, count]) => `${count} ${kind}`);
  const rest = owned.length > 0 ? `, with ${owned.join(", ")}` : "";
  const stack = leak.stack === null ? "" : `\n${leak.stack}`;
  return `${leak.what}${owners}${rest}${stack}`;
}
