import {
  line,
  niceCeiling,
  number,
  text,
  type TextOptions,
} from "../shared/svg.ts";

/** The kind of subject that a bar shows, which determines its colour. */
export type Kind = "limit" | "denomas" | "peer";

/** A bar with the quartiles of its measurements. */
export interface Bar {
  readonly label: string;
  readonly kind: Kind;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** Bars on a common scale that begins at 0. */
export interface BarChart {
  readonly title: string;
  /** The unit of the numbers. */
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 760;
const LEFT = 210;
const RIGHT = 90;
const TOP = 66;
const ROW = 24;
const BAR = 15;

/** Colours for light and dark mode. */
const STYLE = `<style>
.paper{fill:#ffffff}.ink{fill:#1f2430}.soft{fill:#57606a}
.grid{stroke:#d8dee4;fill:none}.whisker{stroke:#1f2430;fill:none}
.limit{fill:#8c959f}.denomas{fill:#0969da}.peer{fill:#bc4c00}
@media (prefers-color-scheme:dark){
.paper{fill:#0d1117}.ink{fill:#e6edf3}.soft{fill:#9198a1}
.grid{stroke:#30363d}.whisker{stroke:#e6edf3}
.limit{fill:#6e7681}.denomas{fill:#4493f8}.peer{fill:#db6d28}
}</style>`;

const INK: TextOptions = { className: "ink" };
const SOFT: TextOptions = { className: "soft" };

/** Draws bars one below the other, in the given order. */
export function drawBars({ title, unit, bars }: BarChart): string {
  const most = niceCeiling(Math.max(...bars.map(({ upper }) => upper), 0));
  const x = (value: number) => LEFT + value / most * (WIDTH - LEFT - RIGHT);
  const bottom = TOP + bars.length * ROW;
  return picture(bottom + 58, title, [
    ...[0, 0.25, 0.5, 0.75, 1].map((part) => part * most).flatMap((value) => [
      line(x(value), TOP - 4, x(value), bottom, { className: "grid" }),
      text(x(value), bottom + 16, short(value), { ...SOFT, anchor: "middle" }),
    ]),
    text((LEFT + WIDTH - RIGHT) / 2, bottom + 34, unit, {
      ...SOFT,
      anchor: "middle",
    }),
    ...bars.flatMap((bar, index) => drawBar(bar, TOP + index * ROW, x)),
    ...legend(bottom + 50, [...new Set(bars.map(({ kind }) => kind))]),
  ]);
}

function drawBar(
  { label, kind, value, lower, upper }: Bar,
  top: number,
  x: (value: number) => number,
): string[] {
  const middle = top + BAR / 2;
  return [
    text(LEFT - 8, middle + 4, label, { ...INK, anchor: "end" }),
    `<rect x="${LEFT}" y="${number(top)}" width="${
      number(x(value) - LEFT)
    }" height="${BAR}" class="${kind}"/>`,
    line(x(lower), middle, x(upper), middle, { className: "whisker" }),
    text(x(upper) + 6, middle + 4, short(value), INK),
  ];
}

const KINDS: Readonly<Record<Kind, string>> = {
  limit: "the limit",
  denomas: "denomas",
  peer: "others",
};

function legend(y: number, kinds: readonly Kind[]): string[] {
  return kinds.flatMap((kind, index) => [
    `<rect x="${LEFT + index * 110}" y="${
      number(y - 9)
    }" width="10" height="10" class="${kind}"/>`,
    text(LEFT + index * 110 + 16, y, KINDS[kind], SOFT),
  ]);
}

function picture(
  height: number,
  title: string,
  parts: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif">`,
    STYLE,
    `<rect width="${WIDTH}" height="${height}" class="paper"/>`,
    text(20, 30, title, { ...INK, size: 17, weight: 600 }),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

/** Formats a number with three digits, as in `1.25 M`. */
export function short(value: number): string {
  for (const [size, unit] of [[1e9, " G"], [1e6, " M"], [1e3, " k"]] as const) {
    if (value >= size) return `${digits(value / size)}${unit}`;
  }
  return digits(value);
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
