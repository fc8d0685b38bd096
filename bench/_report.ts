import type { Outcome } from "./_compare.ts";
import { spreadOf, type Target } from "./_pairs.ts";

interface Column {
  readonly heading: string;
  readonly width: number;
  /** Words stand to the left of their column, numbers to the right. */
  readonly words?: true;
}

const COLUMNS: readonly Column[] = [
  { heading: "subject", width: 15, words: true },
  { heading: "over", width: 6, words: true },
  { heading: "in flight", width: 9 },
  { heading: "calls/s", width: 7 },
  { heading: "µs/call", width: 7 },
  { heading: "against", width: 8, words: true },
  { heading: "calls/s", width: 7 },
  { heading: "µs/call", width: 7 },
  { heading: "ratio", width: 5 },
  { heading: "quartiles", width: 9 },
  { heading: "to itself", width: 11 },
  { heading: "wanted", width: 0, words: true },
];

/** The line above the table. */
export function formatHeadings(): string {
  return formatRow(COLUMNS.map(({ heading }) => heading));
}

/** What the columns mean. */
export const LEGEND: string = `\
calls/s, µs/call  medians; with one in flight, a call's whole round trip
ratio             median of the ratios of pairs of runs, each one right after
                  the other: of the times with one in flight, else of calls/s
to itself         the same for what it is held against, against itself, and
                  half of what its quartiles span: what noise alone can do`;

/** One row of the table. */
export function formatOutcome({ comparison, us, against }: Outcome): string {
  const { subject, baseline, transport, inFlight, target } = comparison;
  const cells = [
    subject,
    transport,
    inFlight.toLocaleString("en"),
    formatRate(us),
    us.toFixed(1),
  ];
  if (baseline !== null && against !== null) {
    const { ratio, itself, verdict } = against;
    cells.push(
      baseline,
      formatRate(against.us),
      against.us.toFixed(1),
      ratio.median.toFixed(2),
      `${ratio.lower.toFixed(2)}–${ratio.upper.toFixed(2)}`,
      `${itself.median.toFixed(2)} ± ${spreadOf(itself).toFixed(2)}`,
      target === null ? "" : `${formatTarget(target)}: ${verdict}`,
    );
  }
  return formatRow(cells);
}

function formatTarget(target: Target): string {
  return "atMost" in target
    ? `at most ${target.atMost}`
    : `at least ${target.atLeast}`;
}

function formatRate(us: number): string {
  return Math.round(1e6 / us).toLocaleString("en");
}

function formatRow(cells: readonly string[]): string {
  return COLUMNS.map(({ width, words }, index) => {
    const cell = cells[index] ?? "";
    return words ? cell.padEnd(width) : cell.padStart(width);
  }).join("  ").trimEnd();
}
