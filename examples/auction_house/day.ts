/**
 * A day in the auction house: `deno run -A day.ts [ENGINE]`. Without an engine,
 * the houses run in this process. With `processes`, `nats`, or the address of
 * an engine, each house is a process. The output is always the same.
 *
 * @module
 */
import { type Engine, Node } from "@denomas/denomas/cluster";
import { print } from "../print.ts";
import type { Auction, Bidder } from "./auction.ts";
import { CLUSTER, LEASE_MS, openEngine } from "./engine.ts";
import { openHousesHere, startHouses } from "./houses.ts";

/** The houses, and the lots they sell. */
const HOUSES = ["amstel", "dam", "plein"];
const LOTS = ["tulips", "roses", "lilies", "daisies", "irises", "asters"];

/** Sells all lots: the bidders of all houses bid their prices. */
async function sell(engine: Engine): Promise<void> {
  await using node = await Node.join(CLUSTER, {
    engine,
    name: "auctioneer",
    leaseMs: LEASE_MS,
  });
  // The houses, in the order in which their changes arrive.
  const open = new Set<string>();
  for await (const { member } of node.changes()) {
    if (HOUSES.includes(member.name)) open.add(member.name);
    if (open.size === HOUSES.length) break;
  }
  const bidders = node.group<Bidder>("bidders");
  await using lead = await node.lead("sale");
  for (const lot of LOTS) {
    lead.check();
    const auction = node.agent<Auction>("Auction", lot);
    const quotes = (await bidders.ask({ within: 10 }).quote(lot))
      .map(({ member, value = 0 }) => ({
        price: value,
        bidder: member.slice(member.lastIndexOf("/") + 1),
      }))
      .toSorted((a, b) => a.price - b.price);
    for (const { bidder, price } of quotes) await auction.bid(bidder, price);
    const { bidder, price, bids } = await auction.standing();
    print(`${lot} to ${bidder} for ${price}, after ${bids} bids`);
  }
}

if (import.meta.main) {
  const [given] = Deno.args;
  if (given === undefined) {
    await using houses = await openHousesHere(HOUSES);
    await sell(houses.engine);
  } else {
    const ending = new AbortController();
    await using houses = await startHouses(ending.signal, given);
    await Promise.all(HOUSES.map((name) => houses.start(name)));
    await using engine = await openEngine(houses.address);
    await sell(engine);
  }
}
