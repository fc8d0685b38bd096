/** The maximum number of other keys in the bucket of a key, on average. */
const MOST_AVERAGE = 16;

/** Up to this many keys cost little, however they are chosen. */
const HARMLESS_COUNT = 64;

/**
 * Returns whether the numbers among `keys` collide so much that a `Map` or
 * `Set` of them takes quadratic time. V8 hashes strings with a secret seed, but
 * numbers with a fixed function (`ComputeUnseededHash` and `ComputeLongHash` in
 * its `src/utils/utils.h`), which a peer can compute, too: 16,000 keys in one
 * bucket take 1.5 s instead of 4 ms.
 */
export function collide(keys: Iterable<unknown>): boolean {
  const hashes: number[] = [];
  for (const key of keys) {
    if (typeof key === "number" || typeof key === "bigint") {
      hashes.push(hashKey(key));
    }
  }
  if (hashes.length <= HARMLESS_COUNT) return false;
  // A map has half as many buckets as its capacity for keys.
  const mask = 2 ** Math.floor(Math.log2(hashes.length)) - 1;
  const counts = new Uint32Array(mask + 1);
  let steps = 0;
  for (const hash of hashes) steps += counts[hash & mask]!++;
  return steps > MOST_AVERAGE * hashes.length;
}

/** Returns the hash of a key as V8 computes it. Exported for tests. */
export function hashKey(key: number | bigint): number {
  if (typeof key === "bigint") {
    return hashLong(BigInt.asUintN(64, key < 0n ? -key : key));
  }
  if ((key | 0) === key) return hashInteger(key);
  double[0] = key;
  return hashLong(bits[0]!);
}

const double = new Float64Array(1);
const bits = new BigUint64Array(double.buffer);

function hashInteger(key: number): number {
  let hash = (~key + (key << 15)) | 0;
  hash ^= hash >>> 12;
  hash = (hash + (hash << 2)) | 0;
  hash ^= hash >>> 4;
  hash = Math.imul(hash, 2057);
  return (hash ^ hash >>> 16) & 0x3fffffff;
}

function hashLong(key: bigint): number {
  let hash = BigInt.asUintN(64, ~key + (key << 18n));
  hash ^= hash >> 31n;
  hash = BigInt.asUintN(64, hash * 21n);
  hash ^= hash >> 11n;
  hash = BigInt.asUintN(64, hash + (hash << 6n));
  hash ^= hash >> 22n;
  return Number(hash & 0x3fffffffn);
}
