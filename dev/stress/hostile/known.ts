/** A reference that nothing may ever call. */
export const CANARY = "$/ref/666";

/** What a hostile peer has learned from the other side of its connection. */
export interface Known {
  /** Whether the other side takes this one for a peer with extensions. */
  isExtended: boolean;
  /** Requests of the other side that are not answered, with what they ask. */
  readonly asked: Map<number, string>;
  /** Paths of references that the other side has passed. */
  readonly references: string[];
  /** Keys of streams that the other side has passed. */
  readonly streams: number[];
}

/** So much is remembered of each kind. */
const MOST = 50;

/** Puts the references and streams in a value of the other side into `known`. */
export function learn(value: unknown, known: Known, depth: number = 0): void {
  if (typeof value !== "object" || value === null || depth > 8) return;
  for (const item of Object.values(value).slice(0, 20)) {
    if (typeof item === "string") {
      // The canary comes back from whoever was given it.
      if (item.startsWith("$/ref/") && !item.startsWith(CANARY)) {
        remember(known.references, item);
      }
      if (item.startsWith("$/stream/")) {
        remember(known.streams, Number(item.slice("$/stream/".length)));
      }
    } else learn(item, known, depth + 1);
  }
}

function remember<T>(list: T[], item: T): void {
  if (list.length >= MOST) list.shift();
  list.push(item);
}
