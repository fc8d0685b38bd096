/**
 * Runs `middleware`, the first one outermost, around `last`. `change` makes of
 * a call the one that goes on.
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
