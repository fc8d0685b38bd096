import { printable } from "../../../transports/printable.ts";
import type { SimulationTrace } from "../trace/trace.ts";
import { secondsText, timelineOf } from "./_timeline.ts";

/** The default number of lines of a chart. */
const LINES = 30;

/** A message that takes at least this long is marked as late. */
const LATE_MS = 1_000;

const MAX_TEXT = 60;

const MAX_FAILURE = 200;

const MAX_NAME = 16;

/** A line of a chart. */
interface Line {
  readonly at: number;
  readonly from: string;
  /** The other node of a message. */
  readonly to: string | null;
  /** The symbol in the column of the node. */
  readonly sign: string;
  readonly text: string;
  /** The fate of a message that did not arrive soon. */
  readonly end: string;
}

/**
 * Draws the last messages and events of a run as text, with a column for each
 * node and an arrow for each message at the time it was sent.
 */
export function drawTraceChart(
  trace: SimulationTrace,
  maxLines: number = LINES,
): string {
  const { nodes, messages, marks } = timelineOf(trace);
  const lines: Line[] = [
    ...messages.map(({ from, to, sentAt, arrivedAt, text }) => ({
      ...{ at: sentAt, from, to, text },
      sign: arrivedAt === null ? "✕" : "▶",
      end: endText(sentAt, arrivedAt),
    })),
    ...marks.map(({ at, node, kind, text }) => ({
      ...{ at, from: node, to: null },
      ...{ sign: SIGNS[kind], text: `${kind}: ${text}`, end: "" },
    })),
  ].sort((a, b) => a.at - b.at);
  const shown = lines.slice(-maxLines);
  const used = nodes.filter((name) =>
    shown.some(({ from, to }) => from === name || to === name)
  );
  const names = used.map((name) => printable(name, MAX_NAME));
  const width = Math.max(8, ...names.map(({ length }) => length + 2));
  const times = shown.map(({ at }) => secondsText(at));
  const margin = Math.max(0, ...times.map(({ length }) => length));
  const head = names.map((name) => name.padEnd(width)).join("");
  return [
    `${" ".repeat(margin)}  ${head}`.trimEnd(),
    ...shown.map((line, index) => {
      const columns = drawColumns(line, used, width);
      const isFailure = line.sign === SIGNS.failure;
      const text = printable(line.text, isFailure ? MAX_FAILURE : MAX_TEXT);
      return `${times[index]!.padStart(margin)}  ${columns} ${text}${line.end}`;
    }),
  ].join("\n");
}

function endText(sentAt: number, arrivedAt: number | null): string {
  if (arrivedAt === null) return "  (not received)";
  const ms = arrivedAt - sentAt;
  return ms < LATE_MS ? "" : `  (after ${secondsText(ms)})`;
}

const SIGNS = {
  start: "○",
  crash: "†",
  restart: "○",
  fault: "▒",
  note: "·",
  failure: "✗",
} as const;

function drawColumns(
  { from, to, sign }: Line,
  nodes: readonly string[],
  width: number,
): string {
  const cells = Array<string>(nodes.length * width).fill(" ");
  for (let column = 0; column < nodes.length; column++) {
    cells[column * width] = from === "" ? sign : "│";
  }
  if (from === "") return cells.join("");
  const start = nodes.indexOf(from) * width;
  const end = to === null ? start : nodes.indexOf(to) * width;
  const isBack = end < start;
  for (let at = Math.min(start, end) + 1; at < Math.max(start, end); at++) {
    cells[at] = "─";
  }
  if (to === null) cells[start] = sign;
  else {
    cells[start] = "●";
    if (start === end) cells[start + 1] = sign === "✕" ? "✕" : "↩";
    else cells[end] = isBack && sign === "▶" ? "◀" : sign;
  }
  return cells.join("");
}
