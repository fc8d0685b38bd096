import {
  line,
  niceCeiling,
  number,
  point,
  text,
  type TextOptions,
} from "../shared/svg.ts";

/** What a bar or a line stands for, which gives it its colour. */
export type Kind = "limit" | "denomas" | "peer";

/** A bar, and how far half of its measurements lie apart. */
export interface Bar {
  readonly label: string;
  readonly kind: Kind;
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
}

/** Bars over one scale from 0. */
export interface BarChart {
  readonly title: string;
  /** What the numbers are. */
  readonly unit: string;
  readonly bars: readonly Bar[];
}

/** A line of a {@linkcode LineChart}. */
export interface Series {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

/** Lines over two logarithmic scales. */
export interface LineChart {
  readonly title: string;
  /** What is below. */
  readonly xLabel: string;
  /** What is to the left. */
  readonly yLabel: string;
  readonly series: readonly Series[];
}

const WIDTH = 760;
const LEFT = 210;
const RIGHT = 90;
const TOP = 66;
const ROW = 24;
const BAR = 15;

/** In light mode and in dark; the reader's settings choose. */
const STYLE = `<style>
.paper{fill:#ffffff}.ink{fill:#1f2430}.soft{fill:#57606a}
.grid{stroke:#d8dee4;fill:none}.whisker{stroke:#1f2430;fill:none}
.limit{fill:#8c959f}.denomas{fill:#0969da}.peer{fill:#bc4c00}
.series0{stroke:#0969da;fill:none}.series1{stroke:#bc4c00;fill:none}
.series2{stroke:#1a7f37;fill:none}.series3{stroke:#8250df;fill:none}
.dot0{fill:#0969da}.dot1{fill:#bc4c00}.dot2{fill:#1a7f37}.dot3{fill:#8250df}
@media (prefers-color-scheme:dark){
.paper{fill:#0d1117}.ink{fill:#e6edf3}.soft{fill:#9198a1}
.grid{stroke:#30363d}.whisker{stroke:#e6edf3}
.limit{fill:#6e7681}.denomas{fill:#4493f8}.peer{fill:#db6d28}
.series0{stroke:#4493f8}.series1{stroke:#db6d28}.series2{stroke:#3fb950}
.series3{stroke:#ab7df8}
.dot0{fill:#4493f8}.dot1{fill:#db6d28}.dot2{fill:#3fb950}.dot3{fill:#ab7df8}
}</style>`;

const INK: TextOptions = { className: "ink" };
const SOFT: TextOptions = { className: "soft" };

/** Draws bars, one below the other, in their order. */
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

const HEIGHT = 300;
const LINES_LEFT = 84;
const LINES_RIGHT = 30;

/** Draws lines; a straight one at 45° means twice as much for twice as many. */
export function drawLines(chart: LineChart): string {
  const points = chart.series.flatMap((series) => series.points);
  const xScale = logScale(points.map(({ x }) => x), {
    from: LINES_LEFT,
    to: WIDTH - LINES_RIGHT,
  });
  const yScale = logScale(points.map(({ y }) => y), {
    from: TOP + HEIGHT,
    to: TOP,
  });
  const bottom = TOP + HEIGHT;
  return picture(bottom + 66, chart.title, [
    text(LINES_LEFT, TOP - 14, chart.yLabel, SOFT),
    ...xScale.ticks.flatMap((value) => [
      line(xScale.at(value), TOP, xScale.at(value), bottom, {
        className: "grid",
      }),
      text(xScale.at(value), bottom + 16, short(value), {
        ...SOFT,
        anchor: "middle",
      }),
    ]),
    ...yScale.ticks.flatMap((value) => [
      line(
        LINES_LEFT,
        yScale.at(value),
        WIDTH - LINES_RIGHT,
        yScale.at(value),
        {
          className: "grid",
        },
      ),
      text(LINES_LEFT - 8, yScale.at(value) + 4, short(value), {
        ...SOFT,
        anchor: "end",
      }),
    ]),
    text((LINES_LEFT + WIDTH - LINES_RIGHT) / 2, bottom + 34, chart.xLabel, {
      ...SOFT,
      anchor: "middle",
    }),
    ...chart.series.flatMap(({ label, points }, index) => {
      const path = points.map(({ x, y }) => point(xScale.at(x), yScale.at(y)));
      return [
        `<path d="M${
          path.join(" L")
        }" class="series${index}" stroke-width="2"/>`,
        ...points.map(({ x, y }) =>
          `<circle cx="${number(xScale.at(x))}" cy="${
            number(yScale.at(y))
          }" r="3.5" class="dot${index}"/>`
        ),
        `<rect x="${LINES_LEFT + index * 165}" y="${
          bottom + 47
        }" width="10" height="10" class="dot${index}"/>`,
        text(LINES_LEFT + index * 165 + 16, bottom + 56, label, SOFT),
      ];
    }),
  ]);
}

interface Scale {
  at(value: number): number;
  readonly ticks: readonly number[];
}

/** From one whole power of ten to another. */
function logScale(
  values: readonly number[],
  { from, to }: { from: number; to: number },
): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value) =>
      from + (Math.log10(value) - low) / (high - low) * (to - from),
    ticks: Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at)),
  };
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

/** Three digits, as in `1.25 M`. */
export function short(value: number): string {
  for (const [size, unit] of [[1e9, " G"], [1e6, " M"], [1e3, " k"]] as const) {
    if (value >= size) return `${digits(value / size)}${unit}`;
  }
  return digits(value);
}

function digits(value: number): string {
  return String(Number(value.toPrecision(3)));
}
