import { type Answer, answer } from "./subject.ts";

/** Sends back what came. */
export function echo(payload: string | Uint8Array): string | Uint8Array {
  return payload;
}

/** Yields answers. */
export async function* items(count: number): AsyncGenerator<Answer> {
  for (let n = 0; n < count; n++) yield answer({ name: "Ada", n });
}

/** Never answers. */
export function hang(): Promise<void> {
  return new Promise(() => {});
}

/**
 * Takes all items.
 *
 * @throws {Error} If there are not `count`.
 */
export async function takeItems(
  stream: AsyncIterable<Answer>,
  count: number,
): Promise<void> {
  let received = 0;
  for await (const { n } of stream) {
    if (n === received) received++;
  }
  if (received === count) return;
  throw new Error(`${received} items came, wanted ${count}`);
}
