import {
  Container,
  type ContainerOptions,
  ExternalClock,
  fastForward,
  quiescent,
  spawnContainer,
  type SpawnedContainer,
} from "@denomas/denomas/agent";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { Contractor, type Entry, Ledger, Manager, onError } from "./agents.ts";
import { sorted } from "./expected.ts";
import { SITES, type WeekPlan } from "./plan.ts";

const DATE = "2026-06-22";

/** Where the container of some agents runs. */
export type Kind = "here" | "process" | "worker";

/** Options for {@linkcode runWeek}. */
export interface WeekOptions {
  /** The kinds of the four containers. */
  readonly kinds: readonly Kind[];
  /** Whether to use system clocks. */
  readonly isReal?: boolean;
  readonly middleware?: ContainerOptions["middleware"];
  readonly signal?: AbortSignal | undefined;
}

/** A container of agents, in this process or spawned. */
type Home = Container | SpawnedContainer;

/** Runs a week, kills a site during it, and returns the ledger at the end. */
export async function runWeek(
  plan: WeekPlan,
  { kinds, isReal = false, middleware, signal }: WeekOptions,
): Promise<Entry[]> {
  const isAlone = kinds.every((kind) => kind === "here");
  const addressOf = (name: string) =>
    isAlone ? `local://${name}` : "tcp://127.0.0.1:0";
  const clock = new ExternalClock(DATE);
  const options = {
    ...(!isReal && { clock }),
    ...(middleware && { middleware }),
    onError,
  };
  await using hall = await Container.create(addressOf("hall"), options);
  await using stack = new AsyncDisposableStack();
  const open = async (kind: Kind, name: string, seed: number) =>
    stack.use(
      kind === "here"
        ? await Container.create(addressOf(name), { ...options, seed })
        : await spawnContainer(hall, {
          kind,
          modules: { agents: import.meta.resolve("./agents.ts") },
          onError: "agents:onError",
          seed,
          ...(!isReal && { clock: { utcStart: DATE } }),
          // A Worker is part of this process, and has the same permissions.
          ...(kind === "process" && {
            flags: importMapFlags(),
            permissions: { net: ["127.0.0.1"] },
          }),
          signal,
        }),
    );
  const sites = await Promise.all(
    kinds.map((kind, i) => open(kind, SITES[i]!, i)),
  );

  const { entries } = await hall.spawn(Ledger, { id: "ledger" });
  for (const [i, name] of SITES.entries()) {
    await populate(sites[i]!, name, plan, hall.address);
  }
  hall.group<Manager>("managers").notify.begin();

  const doomed = sites[SITES.indexOf(plan.killed.site)]!;
  if (isReal) {
    await hall.clock.sleep(plan.killed.at, { signal });
    await kill(doomed);
  } else {
    const run = [
      clock,
      ...sites.flatMap((it) => it instanceof Container ? [] : [it]),
    ];
    await fastForward(run, { until: plan.killed.at, signal });
    await kill(doomed);
    await fastForward(run, { signal });
  }
  await quiescent([hall, ...sites], { signal });

  return sorted(entries);
}

async function populate(
  site: Home,
  name: string,
  { managers, contractors }: WeekPlan,
  hall: string,
): Promise<void> {
  const isHere = (plan: { readonly name: string }) =>
    plan.name.startsWith(name);
  for (const plan of contractors.filter(isHere)) {
    if (site instanceof Container) await site.spawn(Contractor, plan, hall);
    else await site.spawn("agents:Contractor", plan, hall);
  }
  for (const plan of managers.filter(isHere)) {
    if (site instanceof Container) await site.spawn(Manager, plan, hall);
    else await site.spawn("agents:Manager", plan, hall);
  }
}

/** Kills a site without warning, as far as possible, like a power failure. */
async function kill(site: Home): Promise<void> {
  if (!(site instanceof Container) && site.pid !== undefined) {
    Deno.kill(site.pid, "SIGKILL");
    await site.closed;
  } else {
    await site.close({ graceMs: 0 });
  }
}
