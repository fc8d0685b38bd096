/** Prints a report beside the errors that the test runner prints. */
export function printReport(text: string): void {
  // deno-lint-ignore no-console -- a failed test shall say more than its error
  console.error(text);
}
