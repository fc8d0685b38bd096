import type { ResourceKind } from "../../transports/internal.ts";

/** Something that a step left behind. */
export interface Leak {
  /** Names the leak in a few words. */
  readonly what: string;
  /** The names of its owners, the nearest first. */
  readonly owners: readonly string[];
  /** The number of resources of each kind that would end with it. */
  readonly owned: ReadonlyMap<ResourceKind, number>;
  /** Where it was made, if that was traced. */
  readonly stack: string | null;
  /** The resource itself; `null` for a call, a stream or a reference. */
  readonly resource: object | null;
}

/** Describes a leak in one line, followed by the stack that made it. */
export function describeLeak(leak: Leak): string {
  const owners = leak.owners.map((owner) => ` of ${owner}`).join("");
  const owned = [...leak.owned].map(([kind, count]) => `${count} ${kind}`);
  const rest = owned.length > 0 ? `, with ${owned.join(", ")}` : "";
  const stack = leak.stack === null ? "" : `\n${leak.stack}`;
  return `${leak.what}${owners}${rest}${stack}`;
}
