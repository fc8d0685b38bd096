/**
 * An auction house in three processes and a NATS server. The auctions are
 * virtual agents, which can live in any of the processes. One process is
 * killed, NATS is killed and restarted, and one process is drained.
 *
 *     deno run -A examples/auction_house/main.ts [PICTURE.svg [SECONDS [ENGINE]]]
 *
 * It exits with 0 only if no acknowledged bid was lost and no bid was taken by
 * an agent that had been replaced. It needs Unix signals. Without a
 * `nats-server` of version 2.11, it uses an agent in this process instead,
 * which is not killed.
 *
 * @module
 */
import { Node } from "@denomas/denomas/cluster";
import { assert } from "@std/assert";
import { setTimeout } from "node:timers/promises";
import { formatTable } from "../greeting/table.ts";
import { natsProgram } from "../../extras/nats/fixtures/server.ts";
import { print } from "../print.ts";
import { runDemo } from "../run_demo.ts";
import type { Auction } from "./auction.ts";
import { drawHouses, type DrawnEvent } from "./draw.ts";
import { CLUSTER, LEASE_MS, openEngine } from "./engine.ts";
import { startHouses } from "./houses.ts";

const HOUSES = ["amstel", "dam", "plein"];
const LOTS = ["tulips", "roses", "lilies", "daisies", "irises", "asters"]
  .concat(["dahlias", "peonies", "violets", "orchids", "poppies", "crocuses"]);

/** A bid that was made. */
interface Bid {
  readonly lot: string;
  /** Seconds since the start. */
  readonly at: number;
  readonly price: number;
  /** The house that took the bid; `null` if the bid failed. */
  readonly house: string | null;
  readonly epoch: number;
}

/**
 * Runs the demo, and writes its picture to `picture`.
 *
 * @throws {Error} If the result is not as expected.
 */
export async function demonstrate(
  signal: AbortSignal,
  picture = "auction_house.svg",
  seconds = 18,
  kind = natsProgram(2, 11) === undefined ? "processes" : "nats",
): Promise<void> {
  print("An auction house in three processes, of which one is killed\n");
  if (kind !== "nats") {
    print("  without a NATS server: there is no 'nats-server' 2.11 to start");
  }
  await using houses = await startHouses(signal, kind);
  print(`  engine at ${houses.address}`);
  const programs = new Map(
    await Promise.all(
      HOUSES.map(async (it) => [it, await houses.start(it)] as const),
    ),
  );
  await using engine = await openEngine(houses.address);
  await using node = await Node.join(CLUSTER, {
    engine,
    name: "bidders",
    leaseMs: LEASE_MS,
    heartbeatMs: 2_000,
    onError: () => {}, // hears of the server that is away
  });
  const startedAt = performance.now();
  const now = () => (performance.now() - startedAt) / 1_000;
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const bids: Bid[] = [];
  const events: DrawnEvent[] = [];
  const note = (what: string) => {
    print(`  ${now().toFixed(1)} s: ${what}`);
    events.push({ at: now(), what });
  };
  const bidding = Promise.all(
    LOTS.map((lot) => bidFor(node, lot, bids, now, either)),
  );
  const until = (part: number) =>
    setTimeout(Math.max(0, (part * seconds - now()) * 1_000), undefined, {
      signal,
    });
  await until(0.12);
  note("dam is killed");
  Deno.kill(programs.get("dam")!.pid, "SIGKILL");
  await until(0.45);
  note("dam opens again");
  await houses.start("dam");
  const { server } = houses;
  if (server !== null) {
    await until(0.62);
    note("NATS is killed");
    await server.kill();
    await until(0.66);
    await server.restart();
    note("it is back");
  }
  await until(0.8);
  note("amstel is drained");
  Deno.kill(programs.get("amstel")!.pid, "SIGTERM");
  await until(1);
  ending.abort();
  await bidding;
  print("");
  report(bids);
  await Deno.writeTextFile(
    picture,
    drawHouses({
      title: "Where twelve auctions lived",
      ...{ seconds, lots: LOTS, houses: HOUSES, bids, events },
    }),
  );
  print(`\nThe houses as a picture: ${picture}`);
  await check(node, bids);
  print("No bid was lost, and none was taken by an agent that was replaced");
}

/** Bids for one lot repeatedly. */
async function bidFor(
  node: Node,
  lot: string,
  bids: Bid[],
  now: () => number,
  signal: AbortSignal,
): Promise<void> {
  const auction = node.agent<Auction>("Auction", lot);
  for (let price = 1; !signal.aborted; price++) {
    try {
      const { node: house, epoch } = await auction.bid("ada", price);
      bids.push({ lot, at: now(), price, house, epoch });
    } catch {
      // The bid may have been taken, so the next one is higher.
      bids.push({ lot, at: now(), price, house: null, epoch: 0 });
    }
    await setTimeout(50, undefined, { signal }).catch(() => {});
  }
}

function report(bids: readonly Bid[]): void {
  print(formatTable(
    ["  house", "bids", "auctions at first", "at last"],
    HOUSES.map((house) => {
      const lives = (list: readonly Bid[]) =>
        LOTS.filter((lot) =>
          list.find((it) => it.lot === lot && it.house !== null)?.house ===
            house
        ).length;
      return [
        `  ${house}`,
        bids.filter((it) => it.house === house).length,
        lives(bids),
        lives(bids.toReversed()),
      ];
    }),
  ));
  const failed = bids.filter(({ house }) => house === null).length;
  print(`\n  ${bids.length - failed} bids were taken, ${failed} failed`);
}

/** Compares the acknowledged bids with the state of the auctions. */
async function check(node: Node, bids: readonly Bid[]): Promise<void> {
  for (const lot of LOTS) {
    const taken = bids.filter((it) => it.lot === lot && it.house !== null);
    for (const [at, { epoch }] of taken.entries()) {
      assert(epoch >= (taken[at - 1]?.epoch ?? 0), `${lot}: an old agent bid`);
    }
    const { price } = await node.agent<Auction>("Auction", lot).standing();
    const last = taken.at(-1)?.price ?? 0;
    assert(price >= last, `${lot} is at ${price}, and ${last} was taken`);
  }
}

if (import.meta.main) {
  const [picture, seconds, kind] = Deno.args;
  await runDemo((signal) =>
    demonstrate(signal, picture, seconds ? Number(seconds) : undefined, kind)
  );
}
