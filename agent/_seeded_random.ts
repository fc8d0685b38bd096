/**
 * Creates a generator of random numbers from 0 up to, but not including, 1,
 * with 53 bits. The same seed gives the same numbers. The algorithm is sfc32,
 * which passes the usual tests of randomness; do not use it for secrets.
 *
 * @throws {RangeError} If the seed is not a safe integer.
 */
export function seededRandom(seed: number): () => number {
  if (!Number.isSafeInteger(seed)) {
    throw new RangeError(
      `Cannot use seed ${seed}: it must be an integer of 53 bits at most`,
    );
  }
  let [a, b, c, count] = [seed | 0, Math.floor(seed / 2 ** 32) | 0, 0, 1];
  const next = () => {
    const sum = (a + b + count++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21 | c >>> 11) + sum) | 0;
    return sum >>> 0;
  };
  // After 15 rounds, seeds that differ in one bit give unrelated numbers.
  for (let i = 0; i < 15; i++) next();
  return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53;
}
