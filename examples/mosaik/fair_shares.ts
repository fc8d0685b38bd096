/** Someone who wants a part of what is to be shared. */
export interface Party {
  /** Takes up to `offer`, and returns how much that is. */
  take(offer: number): Promise<number>;
}

/**
 * Shares `total` out in rounds, and returns who has how much. In each round all
 * who may want more are offered the same; those who take less are content, and
 * what they leave is shared out in the next round. Nobody is told what another
 * wants. All numbers are integers; what is left in the end goes to the first.
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

/** One more each, as far as it goes. */
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
