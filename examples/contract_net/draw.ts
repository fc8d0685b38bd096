import {
  FAILED,
  GRID,
  line,
  number,
  picture,
  SOFT,
  text,
} from "../../dev/shared/svg.ts";
import type { Entry } from "./agents.ts";
import { CONTRACTORS_PER_SITE, SITES, type WeekPlan } from "./plan.ts";

const WIDTH = 960;
const LEFT = 80;
const RIGHT = 936;
const TOP = 84;
const ROW = 3;
const LANE = CONTRACTORS_PER_SITE * ROW + 16;
const HEIGHT = TOP + SITES.length * LANE + 24;
/**
 * For each end of a job: its colour, and the position and text of its legend.
 */
const ENDS = {
  done: ["#2a6f97", 470, "done"],
  repaired: ["#e9a23b", 540, "done after a restart"],
  lost: [FAILED, 690, "lost, and awarded again"],
} as const;

/** Draws a week as SVG: each line is a contractor, and each bar a job. */
export function drawWeek(
  { contractors, killed, seconds }: WeekPlan,
  entries: readonly Entry[],
): string {
  const topOf = (site: string) =>
    TOP + SITES.findIndex((it) => it === site) * LANE;
  const y = new Map(
    SITES.flatMap((site) =>
      contractors.filter(({ name }) => name.startsWith(site))
        .sort((a, b) => a.price - b.price)
        .map(({ name }, row) => [name, topOf(site) + row * ROW] as const)
    ),
  );
  const day = seconds / 7;
  const days = Math.ceil(Math.max(...entries.map(({ to }) => to)) / day);
  const x = (at: number) => LEFT + at / (days * day) * (RIGHT - LEFT);
  const bars = (end: string) =>
    entries.filter((it) => it.end === end).map(({ contractor, from, to }) =>
      `M${number(x(from))} ${y.get(contractor)}H${number(x(to))}`
    ).join("");
  const atKill = { x: x(killed.at), y: topOf(killed.site) };
  return picture(WIDTH, HEIGHT, [
    text(LEFT, 30, "A contract net: 200 agents in four containers, one week", {
      size: 18,
      weight: 600,
    }),
    text(
      LEFT,
      56,
      "A line is a contractor, the cheapest on top; a bar is a job:",
    ),
    ...Array.from(
      { length: days + 1 },
      (_, i) =>
        line(x(i * day), TOP - 8, x(i * day), HEIGHT - 32, { colour: GRID }),
    ),
    ...Array.from(
      { length: days },
      (_, i) =>
        text(x((i + 0.5) * day), HEIGHT - 14, `day ${i + 1}`, {
          anchor: "middle",
          colour: SOFT,
        }),
    ),
    ...SITES.map((site) =>
      text(LEFT - 12, topOf(site) + 8, site, { anchor: "end", weight: 600 })
    ),
    ...Object.entries(ENDS).flatMap(([end, [colour, left, label]]) => [
      `<path d="M${left} 52h14" stroke="${colour}" stroke-width="6"/>`,
      text(left + 20, 56, label, { colour: SOFT }),
      `<path d="${bars(end)}" stroke="${colour}" stroke-width="2"/>`,
    ]),
    line(atKill.x, atKill.y - 6, atKill.x, atKill.y + LANE - 12, {
      colour: FAILED,
    }),
    text(atKill.x + 8, atKill.y + 8, "its process is killed", {
      colour: FAILED,
    }),
  ]);
}
