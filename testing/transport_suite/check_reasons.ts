/**
 * Checks which obligations of a suite are skipped: without a reason they would
 * be forgotten.
 *
 * @throws {TypeError} If one is unknown, or has no reason.
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
