/**
 * Checks the list of skipped obligations of a suite. Each needs a reason, or
 * the skip would be forgotten.
 *
 * @throws {TypeError} If an obligation is unknown, or has no reason.
 */
export function checkReasons(
  name: string,
  skip: Readonly<Record<string, string>>,
  obligations: object,
): void {
  for (const [key, reason] of Object.entries(skip)) {
    if (!Object.hasOwn(obligations, key)) {
      throw new TypeError(
        `Cannot skip '${key}' for '${name}': it must be one of '${
          Object.keys(obligations).join("', '")
        }'`,
      );
    }
    if (reason.trim() === "") {
      throw new TypeError(
        `Cannot skip '${key}' for '${name}': it is '${reason}', and must be the reason`,
      );
    }
  }
}
