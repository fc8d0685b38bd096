/** Resolves when the standard input ends, as with the program that holds it. */
export async function stdinEnd(): Promise<void> {
  for await (const _ of Deno.stdin.readable) {
    // What is typed in does not matter, only that it ends.
  }
}
