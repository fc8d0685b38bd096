/** Plain data that must be the same on both sides. */
export const PLAIN: unknown = {
  nothing: null,
  truth: [true, false],
  numbers: [0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1), 0.5, 1e100],
  nested: { list: [[], [[]], {}], "": "empty key" },
};

/**
 * Non-ASCII text: two, three and four bytes, and characters that Python
 * escapes.
 */
export const TEXT = 'Grüße, 世界 🌍 \u2028 \u0000 "\\';

/** The numbers that are not finite. */
export const NOT_FINITE: readonly number[] = [NaN, Infinity, -Infinity];
/** The same numbers, in their JSON form. */
export const NOT_FINITE_SHOWN: unknown = [
  { $float: "NaN" },
  { $float: "Infinity" },
  { $float: "-Infinity" },
];

/** All possible bytes. */
export const BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(256).map((_, i) =>
  i
);
/** The same bytes, in their JSON form. */
export const BYTES_SHOWN: unknown = { $bytes: BYTES.toHex() };

/** The number of calls to send at once. */
export const MANY = 10_000;
