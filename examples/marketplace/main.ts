/**
 * A market for power: hundreds of agents sell power to an auctioneer during one
 * day, which takes some seconds. They live in two processes and a Worker, join
 * and leave, and one of the processes is killed in the middle of a round.
 *
 *     deno run -A examples/marketplace/main.ts [PICTURE.svg [here]]
 *
 * With `here` all of them live in one process. It exits with 0 only if each
 * round matches a plain computation of the same day, and each bidder earned
 * what it should have.
 *
 * @module
 */
import {
  Container,
  ExternalClock,
  spawnContainer,
  type SpawnOptions,
} from "@denomas/denomas/agent";
import { join } from "@std/path";
import { formatTable } from "../greeting/table.ts";
import { importMapFlags } from "../../dev/checks/import_map_flags.ts";
import { print } from "../print.ts";
import { runDemo } from "../run_demo.ts";
import { makeTempFolder } from "../temp_folder.ts";
import { Agency } from "./agents.ts";
import { drawDay, type DrawnRound } from "./draw.ts";
import { earningsOf, type Expected, expectedOf } from "./expected.ts";
import { Board, timeOf } from "./board.ts";
import { type MarketDay, runDay, type Site } from "./market.ts";
import {
  DAY,
  type DayPlan,
  planDay,
  ROUND_SECONDS,
  ROUNDS_PER_HOUR,
} from "./plan.ts";

/** A site is killed in the middle of the round at 12:30. */
const KILLED_IN = 12.5 * ROUNDS_PER_HOUR;
const BIDDERS_PER_SITE = 150;

type Kind = "process" | "worker" | "here";

/** A site, and the kind of container that its bidders live in. */
interface Place {
  readonly name: string;
  readonly kind: Kind;
  readonly address: string;
}

/**
 * Runs the demo, and writes its picture to `picture`.
 *
 * @throws {Error} If the result is not as expected.
 */
export async function demonstrate(
  signal: AbortSignal,
  picture = "marketplace.svg",
  where?: string,
): Promise<void> {
  const kinds: readonly Kind[] = where === "here"
    ? ["here", "here", "here"]
    : ["process", "process", "worker"];
  print(
    `A market for power: one day, agents in ${
      where === "here" ? "one process" : "two processes and a Worker"
    }\n`,
  );
  await using folder = await makeTempFolder("market-");
  const places = placesIn(folder.path, kinds);
  const plan = planDay({
    seed: 7,
    biddersPerSite: BIDDERS_PER_SITE,
    sites: Object.fromEntries(
      places.map(({ name }) => [name, name === "hills" ? KILLED_IN : Infinity]),
    ),
  });
  const board = new Board();
  const clock = new ExternalClock(DAY, { initTime: -ROUND_SECONDS });
  await using container = await Container.create("tcp://127.0.0.1:0", {
    clock,
    middleware: { calls: [board.countMade], requests: [board.countServed] },
  });
  await using stack = new AsyncDisposableStack();
  const sites: Site[] = [];
  for (const place of places) {
    const site = await openSite(container, clock, place, signal);
    stack.use(site.container);
    sites.push(site);
    print(`  ${place.name}: ${place.kind} at ${site.container.address}`);
  }
  print("");
  const day = await runDay({
    plan,
    container,
    clock,
    sites,
    kill,
    onRound: (report) => {
      signal.throwIfAborted();
      board.show(report);
    },
  });
  board.end();
  print("");
  report(plan, places, day, board);
  await Deno.writeTextFile(picture, draw(places, board.rounds));
  print(`\nThe day as a picture: ${picture}`);
  check(plan, day, expectedOf(plan));
  print(
    "Each round, and what each bidder earned, is as a plain computation says",
  );
}

function placesIn(
  folder: string,
  [coast, hills, valley]: readonly Kind[],
): Place[] {
  const socket = (name: string) =>
    Deno.build.os === "windows"
      ? "tcp://127.0.0.1:0"
      : `ipc://[${join(folder, name)}]`;
  return [
    { name: "coast", kind: coast!, address: "tcp://127.0.0.1:0" },
    { name: "hills", kind: hills!, address: socket("hills") },
    { name: "valley", kind: valley!, address: socket("valley") },
  ];
}

async function openSite(
  container: Container,
  clock: ExternalClock,
  { name, kind, address }: Place,
  signal: AbortSignal,
): Promise<Site> {
  if (kind === "here") {
    const here = await Container.create(address, { clock });
    return { name, container: here, agency: await here.spawn(Agency) };
  }
  const options: SpawnOptions = {
    kind,
    address,
    modules: { agents: new URL("agents.ts", import.meta.url) },
    clock: { utcStart: DAY, initTime: -ROUND_SECONDS },
    // A Worker is part of this process, and uses the same import map.
    ...(kind === "process" && { flags: importMapFlags() }),
    signal,
  };
  const spawned = await spawnContainer(container, options);
  const agency = await spawned.spawn<Agency>("agents:Agency");
  return { name, container: spawned, agency };
}

/** Kills a site without warning, like a power failure. */
async function kill({ container }: Site): Promise<void> {
  if (container instanceof Container) {
    await container.close({ graceMs: 0 });
  } else {
    Deno.kill(container.pid!, "SIGKILL");
    await container.closed;
  }
}

function report(
  plan: DayPlan,
  places: readonly Place[],
  day: MarketDay,
  board: Board,
): void {
  const paid = earningsOf(day.rounds);
  const sold = new Map<string, number>();
  for (const { awards } of day.rounds) {
    for (const { bidder, amount } of awards) {
      sold.set(bidder, (sold.get(bidder) ?? 0) + amount);
    }
  }
  print(formatTable(
    ["  site", "container", "bidders", "MWh sold", "€ earned", "end"],
    plan.sites.map(({ name, bidders, killedIn }, index) => {
      const { kind, address } = places[index]!;
      const sum = (of: ReadonlyMap<string, number>) =>
        bidders.reduce((all, bidder) => all + (of.get(bidder.name) ?? 0), 0);
      return [
        `  ${name}`,
        `${kind}, ${address.startsWith("tcp:") ? "TCP" : "Unix"}`,
        bidders.length,
        Math.round(sum(sold) / 1000),
        Math.round(sum(paid) / 1000),
        killedIn < Infinity ? `killed at ${timeOf(killedIn)}` : "ended well",
      ];
    }),
  ));
  const seconds = board.tookMs / 1000;
  const rate = Math.round(board.messages / seconds).toLocaleString("en");
  print(
    `\n  ${day.rounds.length} rounds, ${
      board.messages.toLocaleString("en")
    } messages in ${seconds.toFixed(1)} s: ${rate} a second`,
  );
  print(`  ${day.lost.size} bidders were lost without a word`);
}

function draw(
  places: readonly Place[],
  rounds: readonly DrawnRound[],
): string {
  return drawDay({
    title: `A market for power on ${DAY}`,
    rounds,
    sites: places.map(({ name, kind, address }) => ({
      name,
      where: `${kind}, ${address.startsWith("tcp:") ? "TCP" : "Unix socket"}`,
      killedIn: name === "hills" ? KILLED_IN : null,
    })),
  });
}

/** Compares the day with the expected result. */
function check(plan: DayPlan, day: MarketDay, expected: Expected): void {
  for (const [round, wanted] of expected.rounds.entries()) {
    const got = JSON.stringify(day.rounds[round]);
    if (got === JSON.stringify(wanted)) continue;
    throw new Error(
      `Round ${timeOf(round)} came out as ${got}, wanted ${
        JSON.stringify(wanted)
      }`,
    );
  }
  for (const { bidders, killedIn } of plan.sites) {
    for (const { name, until } of bidders) {
      const isLost = until > killedIn;
      // A killed bidder could not report its earnings.
      const wanted = isLost ? undefined : expected.earnings.get(name) ?? 0;
      const got = day.earnings.get(name);
      if (got === wanted && day.lost.has(name) === isLost) continue;
      throw new Error(
        `Bidder '${name}' earned ${got}, wanted ${wanted}; it was ${
          day.lost.has(name) ? "lost" : "not lost"
        }`,
      );
    }
  }
}

if (import.meta.main) {
  const [picture, where] = Deno.args;
  await runDemo((signal) => demonstrate(signal, picture, where));
}
