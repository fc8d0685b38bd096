/**
 * Checks a number in the options of a user.
 *
 * @throws {RangeError} If `value` is not within `least` and `most`.
 */
export function checkRange(
  name: string,
  value: number,
  least: number,
  most: number = Infinity,
): void {
  if (value >= least && value <= most) return;
  const range = most === Infinity
    ? `at least ${least}`
    : `from ${least} to ${most}`;
  throw new RangeError(`Cannot set '${name}' to ${value}: it must be ${range}`);
}
