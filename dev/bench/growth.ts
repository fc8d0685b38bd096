/**
 * How cost grows: `deno task bench:growth`, with connections, agents, pending
 * calls and sizes of messages. A slope of 1 is in proportion; what is steeper
 * by more than noise is printed as missed, and is no failure.
 *
 * @module
 */
import { print, printError } from "./_print.ts";
import { formatMarkdown, formatText, type Table } from "../shared/tables.ts";
import { drawLines, short } from "./_chart.ts";
import { type Growth, type GrowthEffort, measureGrowth } from "./_growth.ts";
import { measureSizes } from "./_growth_sizes.ts";
import type { Growing } from "./grow.ts";
import { formatPictures, writeGuide } from "./_guide.ts";
import { describeMachine, warnOfLoad } from "../shared/machine.ts";
import { canPin } from "./_pin.ts";
import { summarizeTargets, tableOfChecks } from "./_report.ts";

const USAGE = `Usage: deno task bench:growth [OPTION …]

  --quick   less of everything: to try it out
  --write   put tables and charts into docs/performance.md`;

/** All but where processes run. */
type Effort = Omit<GrowthEffort, "isPinned">;

const THOROUGH: Effort = { runs: 7, runMs: 250, most: 1 };
const QUICK: Effort = { runs: 3, runMs: 50, most: 0.1 };
const GROWING: readonly Growing[] = ["connections", "agents", "pending"];

async function measure(chosen: Effort): Promise<Growth[]> {
  const effort: GrowthEffort = { ...chosen, isPinned: await canPin() };
  const growths: Growth[] = [];
  for (const what of GROWING) {
    print(`More ${what} …`);
    growths.push(...await measureGrowth(what, effort));
  }
  print("Larger messages …");
  return [...growths, await measureSizes(effort)];
}

/** A row for each of what there is more of. */
function tableOf({ xLabel, series }: Growth): Table {
  const counts = new Set(
    series.flatMap(({ points }) => points.map((it) => it.x)),
  );
  return [
    [xLabel, ...series.map(({ label }) => label)],
    ...[...counts].map((x) => [
      x.toLocaleString("en"),
      ...series.map(({ points }) => {
        const point = points.find((it) => it.x === x);
        return point === undefined ? "–" : short(point.y);
      }),
    ]),
  ];
}

async function write(growths: readonly Growth[]): Promise<void> {
  const pictures = growths.map((growth) => ({
    file: `performance_growth_${growth.name}.svg`,
    title: growth.title,
    svg: drawLines(growth),
  }));
  const checks = tableOfChecks(growths.flatMap((it) => it.checks));
  const content = [
    `Taken by \`deno task bench:growth --write\` on ${describeMachine()}.`,
    formatMarkdown([checks]),
    ...growths.flatMap((growth, index) => [
      ...formatPictures([pictures[index]!]),
      formatMarkdown([tableOf(growth)]),
    ]),
  ].join("\n\n");
  await writeGuide("bench:growth --write", content, pictures);
}

if (import.meta.main) {
  const wanted = new Set(Deno.args);
  const isQuick = wanted.delete("--quick");
  const isWritten = wanted.delete("--write");
  if (wanted.size > 0 || isQuick && isWritten) {
    printError(`Cannot use '${Deno.args.join(" ")}'\n\n${USAGE}`);
    Deno.exit(2);
  }
  print(describeMachine());
  warnOfLoad();
  const growths = await measure(isQuick ? QUICK : THOROUGH);
  for (const growth of growths) {
    print(`\n${growth.title}\n\n${formatText([tableOf(growth)])}`);
  }
  const checks = growths.flatMap((it) => it.checks);
  print(`\n${formatText([tableOfChecks(checks)])}\n`);
  print(summarizeTargets(checks));
  if (isWritten) await write(growths);
}
