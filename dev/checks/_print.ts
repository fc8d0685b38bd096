// deno-lint-ignore-file no-console -- the tools speak to people, all from here

/** Prints a line on standard output. */
export function print(line: string): void {
  console.log(line);
}

/** Prints a line on standard error. */
export function printError(line: string): void {
  console.error(line);
}
