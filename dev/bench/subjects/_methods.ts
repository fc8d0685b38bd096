import { type Answer, answer } from "./subject.ts";

/** Returns its argument. */
export function echo<T>(payload: T): T {
  return payload;
}

/** Returns item `n` of a stream. */
export function nthAnswer(n: number): Answer {
  return answer({ name: "Ada", n });
}

/** Yields `count` answers. */
export async function* items(count: number): AsyncGenerator<Answer> {
  for (let n = 0; n < count; n++) yield nthAnswer(n);
}

/** Never settles. */
export function hang(): Promise<never> {
  return new Promise(() => {});
}

/**
 * Reads all items of a stream.
 *
 * @throws {Error} If there are not `count` items, or they are out of order.
 */
export async function takeItems(
  stream: AsyncIterable<Answer>,
  count: number,
): Promise<void> {
  let received = 0;
  for await (const { n } of stream) {
    if (n === received) received++;
  }
  checkCount(received, count);
}

/** @throws {Error} If the counts differ. */
export function checkCount(received: number, count: number): void {
  if (received === count) return;
  throw new Error(`Reading a stream: ${received} items came, wanted ${count}`);
}
