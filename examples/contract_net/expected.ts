import type { Entry } from "./agents.ts";
import {
  bidOf,
  byPrice,
  durationOf,
  ROUNDS,
  type Task,
  type WeekPlan,
} from "./plan.ts";

/** Computes the entries of the ledger from the plan, without agents. */
export function expectedOf(
  { managers, contractors, killed }: WeekPlan,
): Entry[] {
  const entries: Entry[] = [];
  const due: { readonly at: number; readonly act: () => void }[] = [];
  // The periods in which each contractor worked.
  const spans = new Map(
    contractors.map(({ name }) => [name, [] as [from: number, to: number][]]),
  );
  const endOf = (name: string) =>
    name.startsWith(killed.site) ? killed.at : Infinity;
  const isFree = (name: string, at: number) =>
    at < endOf(name) &&
    !spans.get(name)!.some(([from, to]) => from <= at && at < to);

  function announce(task: Task, manager: string, at: number, round = 0): void {
    const closes = at + task.deadline;
    if (round === ROUNDS || closes >= endOf(manager)) return;
    due.push({ at: closes, act: () => award(task, manager, at, round) });
  }

  function award(task: Task, manager: string, at: number, round: number): void {
    const from = at + task.deadline;
    const again = (at: number) =>
      announce(task, manager, at + task.pause, round + 1);
    const [best] = contractors
      .map((plan) => ({ plan, ...bidOf(plan, task) }))
      .filter(({ name, thinks }) =>
        thinks < task.deadline && isFree(name, at + thinks) &&
        isFree(name, from)
      )
      .sort(byPrice);
    if (best === undefined) return again(from);
    const { plan, name: contractor, price } = best;
    const jobs = spans.get(contractor)!;
    const breaks = jobs.length === plan.breaksAfter;
    const ready = from + durationOf(plan, task, jobs.length);
    jobs.push([from, ready]);
    const isLost = ready >= endOf(contractor);
    const to = isLost ? endOf(contractor) : ready;
    if (to >= endOf(manager)) return; // nobody is left to enter it
    const end = isLost ? "lost" : breaks ? "repaired" : "done";
    entries.push({ task: task.id, contractor, price, from, to, end });
    if (isLost) again(to);
  }

  for (const { name, tasks } of managers) {
    for (const task of tasks) announce(task, name, task.at);
  }
  while (due.length > 0) due.sort((a, b) => b.at - a.at).pop()!.act();
  return sorted(entries);
}

/** Returns entries sorted by task and start time. */
export function sorted(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => a.task - b.task || a.from - b.from);
}
