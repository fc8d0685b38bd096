/**
 * Resolves when the standard input ends, for example because the parent ends.
 */
export async function stdinEnd(): Promise<void> {
  for await (const _ of Deno.stdin.readable) {
    // Any input is ignored; only its end matters.
  }
}
