/**
 * A contract net: 40 managers and 160 contractors in four containers work for a
 * week. Contractors break down and are restarted with their state, and one
 * container is killed in the middle of the week.
 *
 *     deno run -A examples/contract_net/main.ts [PICTURE.svg [SECONDS [TASKS]]]
 *
 * The week runs in simulated time, first in one process and then in four, and
 * finally in real time, where it takes a minute, or `SECONDS`. Each manager has
 * 15 tasks, or `TASKS`. It exits with 0 only if both simulated weeks match a
 * plain computation, and nothing went wrong in the real one.
 *
 * @module
 */
import { formatTable } from "../greeting/table.ts";
import { print } from "../print.ts";
import { runDemo } from "../run_demo.ts";
import { drawWeek } from "./draw.ts";
import { expectedOf } from "./expected.ts";
import { planWeek } from "./plan.ts";
import { type Kind, runWeek } from "./week.ts";

const HERE: readonly Kind[] = ["here", "here", "here", "here"];
const APART: readonly Kind[] = ["here", "worker", "process", "process"];

async function demonstrate(
  signal: AbortSignal,
  [picture = "contract_net.svg", seconds = "60", tasks = "15"]: string[],
): Promise<void> {
  print("A contract net: 200 agents in four containers, for a week\n");
  const week = planWeek(Number(tasks));
  const minute = planWeek(Number(tasks), { seconds: Number(seconds) });
  const expected = JSON.stringify(expectedOf(week));
  const rows = [];
  for (
    const [name, plan, kinds] of [
      ["simulated, in one process", week, HERE],
      ["simulated, in three processes and a Worker", week, APART],
      [`${seconds} s of real time, in the same`, minute, APART],
    ] as const
  ) {
    const startedAt = performance.now();
    const isReal = plan === minute;
    const entries = await runWeek(plan, { kinds, isReal, signal });
    const tookS = (performance.now() - startedAt) / 1_000;
    const text = JSON.stringify(entries);
    if (!isReal && text !== expected) {
      throw new Error(`The week came out as ${text}, wanted ${expected}`);
    }
    const ended = entries.filter(({ end }) => end !== "lost");
    if (new Set(ended.map(({ task }) => task)).size < ended.length) {
      throw new Error("A task was done twice");
    }
    const count = (end: string) =>
      entries.filter((it) => it.end === end).length;
    rows.push([
      `  ${name}`,
      count("done"),
      count("repaired"),
      count("lost"),
      await hashOf(text),
      tookS,
    ]);
    if (kinds === APART && !isReal) {
      await Deno.writeTextFile(picture, drawWeek(plan, entries));
    }
  }
  const heads = ["  week", "done", "restarted", "lost", "hash", "seconds"];
  print(formatTable(heads, rows));
  print("\nThe simulated weeks are as a plain computation says");
  print(`The week as a picture: ${picture}`);
}

async function hashOf(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const hash = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(hash).toHex().slice(0, 8);
}

if (import.meta.main) {
  await runDemo((signal) => demonstrate(signal, Deno.args));
}
