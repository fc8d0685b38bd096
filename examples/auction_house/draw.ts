import {
  FAILED,
  GRID,
  line,
  number,
  picture,
  SOFT,
  text,
} from "../../dev/shared/svg.ts";

/** A bid in the picture. */
export interface DrawnBid {
  readonly lot: string;
  /** The time of the bid, in seconds. */
  readonly at: number;
  /** The house that took the bid; `null` if the bid failed. */
  readonly house: string | null;
}

/** An event that affected the houses. */
export interface DrawnEvent {
  readonly at: number;
  readonly what: string;
}

/** The contents of the picture. */
export interface Drawing {
  readonly title: string;
  readonly seconds: number;
  readonly lots: readonly string[];
  readonly houses: readonly string[];
  readonly bids: readonly DrawnBid[];
  readonly events: readonly DrawnEvent[];
}

const WIDTH = 960;
const LEFT = 110;
const RIGHT = 30;
const TOP = 118;
const LANE = 26;
const BAR = 14;

/** The maximum time between two bids of one stay, in seconds. */
const PAUSE_S = 0.5;

const COLOURS = ["#2563eb", "#059669", "#d97706", "#7c3aed"];

/**
 * Draws where each auction lived, as SVG, with a lane for each auction and a
 * colour for each house.
 */
export function drawHouses(drawing: Drawing): string {
  const { title, seconds, lots, houses, events } = drawing;
  const bottom = TOP + lots.length * LANE;
  const height = bottom + 44;
  const x = (at: number) => LEFT + at / seconds * (WIDTH - LEFT - RIGHT);
  const ticks = Array.from(
    { length: Math.floor(seconds / 2) + 1 },
    (_, at) => at * 2,
  );
  return picture(WIDTH, height, [
    text(LEFT, 34, title, { size: 20, weight: 600 }),
    ...legend(houses),
    ...ticks.flatMap((at) => [
      line(x(at), TOP, x(at), bottom, { colour: GRID }),
      text(x(at), bottom + 20, `${at} s`, { anchor: "middle", colour: SOFT }),
    ]),
    ...lots.flatMap((lot, at) => lane(TOP + at * LANE, lot, drawing, x)),
    ...events.flatMap(({ at, what }, index) => [
      line(x(at), TOP - 8, x(at), bottom, { colour: FAILED }),
      text(x(at) + 4, TOP - 12 - index % 2 * 15, what, { colour: FAILED }),
    ]),
  ]);
}

function legend(houses: readonly string[]): string[] {
  return houses.flatMap((house, at) => [
    box(LEFT + at * 120, 50, 14, colourOf(houses, house)),
    text(LEFT + at * 120 + 20, 62, house, { colour: SOFT }),
  ]).concat([
    box(LEFT + houses.length * 120, 50, 3, FAILED),
    text(LEFT + houses.length * 120 + 9, 62, "a bid that failed", {
      colour: SOFT,
    }),
  ]);
}

/** Draws the stays of one auction, with gaps while no house had it. */
function lane(
  top: number,
  lot: string,
  { bids, houses }: Drawing,
  x: (at: number) => number,
): string[] {
  const own = bids.filter((it) => it.lot === lot);
  const parts = [
    text(LEFT - 10, top + BAR - 2, lot, { anchor: "end" }),
  ];
  let begin = 0;
  const taken = own.filter(({ house }) => house !== null);
  for (const [at, { house, at: time }] of taken.entries()) {
    const next = taken[at + 1];
    if (next?.house === house && next.at - time < PAUSE_S) continue;
    const first = taken[begin]!.at;
    begin = at + 1;
    const width = Math.max(2, x(time) - x(first));
    parts.push(box(x(first), top, width, colourOf(houses, house!)));
  }
  for (const { house, at } of own) {
    if (house === null) parts.push(box(x(at) - 1.5, top, 3, FAILED));
  }
  return parts;
}

function box(x: number, y: number, width: number, colour: string): string {
  return `<rect x="${number(x)}" y="${number(y)}" width="${
    number(width)
  }" height="${BAR}" rx="2" fill="${colour}"/>`;
}

function colourOf(houses: readonly string[], house: string): string {
  return COLOURS[houses.indexOf(house) % COLOURS.length]!;
}
