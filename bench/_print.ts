/** Prints a line on standard output. */
export function print(line: string): void {
  // deno-lint-ignore no-console -- the benchmarks speak to people, all from here
  console.log(line);
}
