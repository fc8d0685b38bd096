import { powerOf, type Row } from "./row.ts";

const WIDTH = 960;
const HEIGHT = 740;
const LEFT = 70;
const RIGHT = 936;
const DAY_S = 86_400;

const COLORS = ["#2a6f97", "#4f9dc4", "#89c2d9", "#b5c99a", "#e9c46a"];
const INK = "#33414e";
const FAINT = "#e3e8ec";
const FORGONE = "#dde3e8";
const CAP = "#c1121f";

/** The position of a diagram, and the maximum of its scale. */
interface Frame {
  readonly title: string;
  readonly top: number;
  readonly bottom: number;
  /** The maximum of the scale, in MW. */
  readonly highest: number;
}

/** A label of the legend and its colour. */
type Key = readonly [label: string, swatch: string];

/** Draws a day as SVG: the park above, and below it its turbines, stacked. */
export function drawDay(rows: readonly Row[]): string {
  const highest = 2 * Math.ceil(
    Math.max(...rows.map(({ available }) => available)) / 2_000_000,
  );
  const park = { title: "The park", top: 80, bottom: 340, highest };
  const turbines = { title: "Its turbines", top: 452, bottom: 700, highest };
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="13" fill="${INK}">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    ...drawPark(rows, park),
    ...drawTurbines(rows, turbines),
    "</svg>",
    "",
  ].join("\n");
}

function drawPark(rows: readonly Row[], frame: Frame): string[] {
  const available = rows.map((row) => row.available);
  const power = rows.map(powerOf);
  const none = rows.map(() => 0);
  return [
    area(frame, rows, power, available, FORGONE),
    area(frame, rows, none, power, COLORS[1]!),
    ...axes(frame),
    line(frame, rows, available, "#7b8794", "1.2"),
    line(frame, rows, power, COLORS[0]!, "1.8"),
    ...capLines(frame, rows),
    ...legend(frame, [
      ["could give, without a cap", square(FORGONE)],
      ["gives, with the cap", square(COLORS[1]!)],
      ["cap", dash(CAP)],
    ]),
  ];
}

function drawTurbines(rows: readonly Row[], frame: Frame): string[] {
  let below = rows.map(() => 0);
  const areas = rows[0]!.turbines.map((_, turbine) => {
    const above = below.map((it, at) => it + rows[at]!.turbines[turbine]!);
    const shape = area(frame, rows, below, above, COLORS[turbine]!, "#ffffff");
    below = above;
    return shape;
  });
  const keys = areas.map((_, turbine): Key => [
    `turbine ${turbine}`,
    square(COLORS[turbine]!),
  ]);
  return [...areas, ...axes(frame), ...legend(frame, keys)];
}

function x(time: number): number {
  return round(LEFT + (RIGHT - LEFT) * time / DAY_S);
}

function y({ top, bottom, highest }: Frame, watts: number): number {
  return round(bottom - (bottom - top) * watts / (highest * 1e6));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Returns the corners of a step line: a value holds until the next one. */
function corners(
  frame: Frame,
  rows: readonly Row[],
  values: readonly number[],
): string[] {
  return rows.flatMap(({ time }, at) => {
    const end = rows[at + 1]?.time ?? DAY_S;
    const height = y(frame, values[at]!);
    return [`${x(time)},${height}`, `${x(end)},${height}`];
  });
}

function area(
  frame: Frame,
  rows: readonly Row[],
  low: readonly number[],
  high: readonly number[],
  fill: string,
  stroke = "none",
): string {
  const there = corners(frame, rows, high);
  const back = corners(frame, rows, low).toReversed();
  return `<polygon points="${
    [...there, ...back].join(" ")
  }" fill="${fill}" stroke="${stroke}" stroke-width="0.6"/>`;
}

function line(
  frame: Frame,
  rows: readonly Row[],
  values: readonly number[],
  color: string,
  width: string,
): string {
  return `<polyline points="${
    corners(frame, rows, values).join(" ")
  }" fill="none" stroke="${color}" stroke-width="${width}" stroke-linejoin="round"/>`;
}

/** Draws a line for each period with a cap. */
function capLines(frame: Frame, rows: readonly Row[]): string[] {
  const lines: string[] = [];
  for (let at = 0; at < rows.length;) {
    const { cap, time } = rows[at]!;
    let end = at + 1;
    while (end < rows.length && rows[end]!.cap === cap) end++;
    const until = rows[end]?.time ?? DAY_S;
    if (cap !== null) {
      const height = y(frame, cap);
      lines.push(
        `<line x1="${x(time)}" y1="${height}" x2="${
          x(until)
        }" y2="${height}" stroke="${CAP}" stroke-width="2.4" stroke-dasharray="7 4"/>`,
      );
    }
    at = end;
  }
  return lines;
}

function axes(frame: Frame): string[] {
  const { bottom, top, title, highest } = frame;
  const parts = [
    `<text x="${LEFT}" y="${
      top - 42
    }" font-size="17" font-weight="bold">${title}</text>`,
    `<text x="${LEFT - 10}" y="${top - 14}" text-anchor="end">MW</text>`,
  ];
  for (let power = 0; power <= highest; power += 2) {
    const height = y(frame, power * 1e6);
    parts.push(
      `<line x1="${LEFT}" y1="${height}" x2="${RIGHT}" y2="${height}" stroke="${
        power === 0 ? INK : FAINT
      }" stroke-opacity="${power === 0 ? 1 : 0.7}"/>`,
      `<text x="${LEFT - 10}" y="${
        height + 4
      }" text-anchor="end">${power}</text>`,
    );
  }
  for (let hour = 0; hour <= 24; hour += 3) {
    parts.push(
      `<text x="${x(hour * 3_600)}" y="${
        bottom + 20
      }" text-anchor="middle">${hour}:00</text>`,
    );
  }
  return parts;
}

function square(color: string): string {
  return `<rect x="0" y="-10" width="20" height="12" fill="${color}"/>`;
}

function dash(color: string): string {
  return `<line x1="0" y1="-4" x2="20" y2="-4" stroke="${color}" stroke-width="2.4" stroke-dasharray="7 4"/>`;
}

function legend({ top }: Frame, keys: readonly Key[]): string[] {
  let left = LEFT;
  return keys.map(([label, swatch]) => {
    const part = `<g transform="translate(${left}, ${
      top - 14
    })">${swatch}<text x="28" y="0">${label}</text></g>`;
    left += 62 + 6.6 * label.length;
    return part;
  });
}
