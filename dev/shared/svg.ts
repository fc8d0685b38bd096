/**
 * Parts of pictures, as SVG.
 *
 * @module
 */

/** The default colour of text. */
const INK = "#1f2430";
/** The colour of secondary text. */
export const SOFT = "#6b7280";
/** The colour of the lines of a scale. */
export const GRID = "#e5e7eb";
/** The colour of failures. */
export const FAILED = "#dc2626";

/** A whole picture, on white. */
export function picture(
  width: number,
  height: number,
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** Rounds up to the next number that is easy to read. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power)
    .find((step) => step >= value)!;
}

/** The paint of an element. */
export interface Paint {
  /** A colour, if there is no class. */
  readonly colour?: string;
  /** A class of the picture's style sheet. */
  readonly className?: string;
}

/** The appearance of text. */
export interface TextOptions extends Paint {
  readonly size?: number;
  readonly weight?: number;
  readonly anchor?: "start" | "middle" | "end";
}

/** Draws a line of text whose baseline is at `y`. */
export function text(
  x: number,
  y: number,
  content: string,
  { size = 12, weight = 400, anchor = "start", colour = INK, className }:
    TextOptions = {},
): string {
  const paint = className === undefined
    ? `fill="${colour}"`
    : `class="${className}"`;
  return `<text x="${number(x)}" y="${
    number(y)
  }" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" ${paint}>${
    escape(content)
  }</text>`;
}

/** Draws a straight line. */
export function line(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  { colour = INK, className }: Paint,
): string {
  const paint = className === undefined
    ? `stroke="${colour}" fill="none"`
    : `class="${className}"`;
  return `<path d="M${point(x1, y1)} L${point(x2, y2)}" ${paint}/>`;
}

/** Formats a point for a path. */
export function point(x: number, y: number): string {
  return `${number(x)} ${number(y)}`;
}

/** Formats a number, rounded to a tenth. */
export function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function escape(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
