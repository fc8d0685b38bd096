/** Plain data that both sides must see as the same. */
export const PLAIN: unknown = {
  nothing: null,
  truth: [true, false],
  numbers: [0, -1, 2 ** 31, 2 ** 53 - 1, -(2 ** 53 - 1), 0.5, 1e100],
  nested: { list: [[], [[]], {}], "": "empty key" },
};

/** Text that is not ASCII: two, three and four bytes, and what Python escapes. */
export const TEXT = 'Grüße, 世界 🌍 \u2028 \u0000 "\\';

/** What is no finite number, and how it is shown. */
export const NOT_FINITE: readonly number[] = [NaN, Infinity, -Infinity];
/** The same, as it is shown. */
export const NOT_FINITE_SHOWN: unknown = [
  { $float: "NaN" },
  { $float: "Infinity" },
  { $float: "-Infinity" },
];

/** All bytes there are. */
export const BYTES: Uint8Array<ArrayBuffer> = new Uint8Array(256).map((_, i) =>
  i
);
/** The same, as they are shown. */
export const BYTES_SHOWN: unknown = { $bytes: BYTES.toHex() };

/** How many calls are sent at once. */
export const MANY = 10_000;
