/** A participant that wants a share. */
export interface Party {
  /** Takes up to `offer`, and returns the amount taken. */
  take(offer: number): Promise<number>;
}

/**
 * Shares out `total` in rounds, and returns the share of each party. In each
 * round, all parties that may want more get the same offer. Parties that take
 * less are satisfied, and the rest is shared out in the next round. No party
 * learns what another one wants. All numbers are integers; a final remainder
 * goes to the first parties.
 */
export async function negotiate(
  parties: readonly Party[],
  total: number,
): Promise<number[]> {
  const shares = parties.map(() => 0);
  let open = parties.map((_, index) => index);
  let left = total;
  while (open.length > 0) {
    const offer = Math.floor(left / open.length);
    const taken = await Promise.all(
      open.map((index) => parties[index]!.take(offer)),
    );
    open.forEach((index, at) => shares[index] = taken[at]!);
    const content = open.filter((index) => shares[index]! < offer);
    if (content.length === 0) {
      await shareRest(parties, shares, open, left - offer * open.length);
      return shares;
    }
    for (const index of content) left -= shares[index]!;
    open = open.filter((index) => !content.includes(index));
  }
  return shares;
}

/** Gives each open party one more, as far as the rest goes. */
async function shareRest(
  parties: readonly Party[],
  shares: number[],
  open: readonly number[],
  rest: number,
): Promise<void> {
  let left = rest;
  for (const index of open) {
    if (left === 0) return;
    const before = shares[index]!;
    shares[index] = await parties[index]!.take(before + 1);
    left -= shares[index]! - before;
  }
}
