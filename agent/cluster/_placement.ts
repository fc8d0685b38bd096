/**
 * Returns the item that a key belongs to, by rendezvous hashing: when an item
 * is added or removed, only the keys that belong to it move. Returns `null` if
 * there are no items.
 */
export function placeOf<T>(
  key: string,
  items: Iterable<T>,
  nameOf: (item: T) => string,
): T | null {
  let best: T | null = null;
  let bestScore = -1;
  for (const item of items) {
    const score = hash(`${nameOf(item)}\0${key}`);
    // Equal scores are decided by name, so that all nodes choose alike.
    const isBetter = score > bestScore ||
      (score === bestScore && best !== null && nameOf(item) > nameOf(best));
    if (!isBetter) continue;
    best = item;
    bestScore = score;
  }
  return best;
}

/** FNV-1a with a final mix, since names often differ only at their ends. */
function hash(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ hash >>> 16, 0x85ebca6b);
  hash = Math.imul(hash ^ hash >>> 13, 0xc2b2ae35);
  return (hash ^ hash >>> 16) >>> 0;
}
