import {
  FAILED,
  GRID,
  line,
  niceCeiling,
  number,
  picture,
  point,
  SOFT,
  text,
} from "../../dev/shared/svg.ts";

/** The data of one round in the picture. */
export interface DrawnRound {
  /** The price paid, in tenths of a cent per kWh. */
  readonly price: number;
  /** Messages to and from the auctioneer's container. */
  readonly messages: number;
  /** The duration of the round, in milliseconds. */
  readonly tookMs: number;
  /** The number of participating bidders of each site. */
  readonly bidders: Readonly<Record<string, number>>;
}

/** The data of one container in the picture. */
export interface DrawnSite {
  readonly name: string;
  /** A short description of where the container ran. */
  readonly where: string;
  /** The round in which it was killed, or `null`. */
  readonly killedIn: number | null;
}

/** The contents of the picture. */
export interface Drawing {
  readonly title: string;
  readonly rounds: readonly DrawnRound[];
  readonly sites: readonly DrawnSite[];
}

const WIDTH = 960;
const LEFT = 150;
const RIGHT = 30;
const PANEL = 150;
const GAP = 62;
const TOP = 78;
const LANE = 56;

const PRICE = "#b45309";
const MESSAGES = "#2563eb";
const ALIVE = "#059669";

/**
 * Draws a day of the market as SVG: prices, messages, and lifetimes of
 * containers.
 */
export function drawDay({ title, rounds, sites }: Drawing): string {
  const lanesTop = TOP + 2 * (PANEL + GAP);
  const height = lanesTop + sites.length * LANE + 52;
  const x = (round: number) =>
    LEFT + round / rounds.length * (WIDTH - LEFT - RIGHT);
  const rates = rounds.map(({ messages, tookMs }) => messages / tookMs * 1000);
  return picture(WIDTH, height, [
    text(LEFT, 34, title, { size: 20, weight: 600 }),
    ...hours(rounds.length, x, TOP, height - 40),
    ...panel(TOP, "Price", " ct/kWh", rounds.map(({ price }) => price / 10), {
      x,
      colour: PRICE,
    }),
    ...panel(TOP + PANEL + GAP, "Messages", "/s", rates, {
      x,
      colour: MESSAGES,
      isFilled: true,
    }),
    text(LEFT, lanesTop - 14, "Bidders in each container", {
      size: 14,
      weight: 600,
    }),
    ...sites.flatMap((site, index) =>
      lane(lanesTop + index * LANE, site, rounds, x)
    ),
  ]);
}

interface PanelOptions {
  readonly x: (round: number) => number;
  readonly colour: string;
  readonly isFilled?: boolean;
}

/** Draws one value per round, as steps on a scale that begins at 0. */
function panel(
  top: number,
  name: string,
  unit: string,
  values: readonly number[],
  { x, colour, isFilled = false }: PanelOptions,
): string[] {
  const most = niceCeiling(Math.max(...values));
  const y = (value: number) => top + PANEL - value / most * PANEL;
  const steps = values.map((value, round) =>
    `${round === 0 ? "M" : "L"}${point(x(round), y(value))} H${
      number(x(round + 1))
    }`
  ).join(" ");
  const closed = `${steps} V${number(y(0))} H${number(x(0))} Z`;
  return [
    text(LEFT, top - 14, name, { size: 14, weight: 600 }),
    ...[0, most / 2, most].flatMap((value) => [
      line(LEFT, y(value), WIDTH - RIGHT, y(value), { colour: GRID }),
      text(LEFT - 10, y(value) + 4, `${value.toLocaleString("en")}${unit}`, {
        anchor: "end",
        colour: SOFT,
      }),
    ]),
    isFilled
      ? `<path d="${closed}" fill="${colour}" fill-opacity="0.25"/>`
      : "",
    `<path d="${steps}" fill="none" stroke="${colour}" stroke-width="2"/>`,
  ];
}

/**
 * Draws the lifetime of a container, whose thickness shows its number of
 * bidders.
 */
function lane(
  top: number,
  { name, where, killedIn }: DrawnSite,
  rounds: readonly DrawnRound[],
  x: (round: number) => number,
): string[] {
  const counts = rounds.map(({ bidders }) => bidders[name] ?? 0);
  const most = Math.max(1, ...counts);
  const middle = top + LANE / 2;
  const half = (count: number) => count / most * (LANE / 2 - 8);
  // Forward along the upper edge, and back along the lower one.
  const forth = counts.map((count, round) =>
    `L${point(x(round), middle - half(count))} H${number(x(round + 1))}`
  );
  const back = counts.map((count, round) =>
    `L${point(x(round + 1), middle + half(count))} H${number(x(round))}`
  ).reverse();
  const shape = [`M${point(LEFT, middle)}`, ...forth, ...back, "Z"];
  return [
    text(LEFT - 10, middle - 2, name, { anchor: "end", weight: 600 }),
    text(LEFT - 10, middle + 13, where, { anchor: "end", colour: SOFT }),
    line(LEFT, middle, x(killedIn ?? rounds.length), middle, { colour: ALIVE }),
    `<path d="${shape.join(" ")}" fill="${ALIVE}" fill-opacity="0.5"/>`,
    text(LEFT + 6, middle - 6, `${counts[0]}`),
    ...(killedIn === null ? [] : [
      line(x(killedIn), top + 4, x(killedIn), top + LANE - 4, {
        colour: FAILED,
      }),
      text(x(killedIn) + 8, middle + 4, "killed", { colour: FAILED }),
    ]),
  ];
}

/** Draws a line and a label every three hours. */
function hours(
  rounds: number,
  x: (round: number) => number,
  top: number,
  bottom: number,
): string[] {
  return Array.from({ length: 9 }, (_, index) => index * 3).flatMap((hour) => [
    line(x(hour / 24 * rounds), top, x(hour / 24 * rounds), bottom, {
      colour: GRID,
    }),
    text(x(hour / 24 * rounds), bottom + 18, `${hour}:00`, {
      anchor: "middle",
      colour: SOFT,
    }),
  ]);
}
