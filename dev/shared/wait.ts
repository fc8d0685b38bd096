/** Resolves after `ms` milliseconds. */
export function rest(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** The time limit for a condition to hold, in milliseconds. */
const PATIENCE_MS = 5_000;

/** Waits until a condition holds; resolves to `false` after five seconds. */
export async function comesTrue(
  holds: () => boolean | Promise<boolean>,
): Promise<boolean> {
  const until = performance.now() + PATIENCE_MS;
  while (performance.now() < until) {
    if (await holds()) return true;
    await rest(1);
  }
  return false;
}
