/**
 * Runs `middleware` around `last`, the first one outermost. `change` applies
 * the changes that a middleware passes to its `next`.
 */
export async function runThrough<C, Changes>(
  middleware: readonly ((
    call: C,
    next: (changes?: Changes) => Promise<unknown>,
  ) => unknown)[],
  call: C,
  change: (call: C, changes: Changes) => C,
  last: (call: C) => unknown,
): Promise<unknown> {
  const [first, ...rest] = middleware;
  if (first === undefined) return await last(call);
  return await first(call, (changes) => {
    const changed = changes === undefined ? call : change(call, changes);
    return runThrough(rest, changed, change, last);
  });
}
