/**
 * A house in which auctions live: `deno run -A house.ts ENGINE NAME`. On
 * SIGTERM, or at the end of its input, it hands its auctions over to the other
 * houses.
 *
 * @module
 */
import { Node } from "@denomas/denomas/cluster";
import { onInterruption } from "../interruption.ts";
import { print } from "../print.ts";
import { stdinEnd } from "../stdin_end.ts";
import { Auction, Bidder } from "./auction.ts";
import { CLUSTER, LEASE_MS, openEngine } from "./engine.ts";
import type { Engine } from "@denomas/denomas/cluster";

/** Opens a house, with two bidders. */
export async function openHouse(engine: Engine, name: string): Promise<Node> {
  const node = await Node.join(CLUSTER, {
    engine,
    name,
    leaseMs: LEASE_MS,
    heartbeatMs: 2_000,
    onError: () => {}, // `node.signal` tells
  });
  await node.offer({ Auction });
  for (const id of ["ada", "bob"]) {
    const bidder = await node.container
      .spawn(Bidder, { id: `${id}-of-${name}` });
    await node.group("bidders").join(bidder);
  }
  return node;
}

if (import.meta.main) {
  const [address = "memory", name = "house"] = Deno.args;
  const end = Promise.withResolvers<void>();
  let isOver = false;
  end.promise.then(() => isOver = true);
  onInterruption(() => end.resolve());
  stdinEnd().then(() => end.resolve());
  await using engine = await openEngine(address);
  // A house that was cut off for too long opens again.
  while (!isOver) {
    await using node = await openHouse(engine, name);
    print(`${name} is open`);
    const { signal } = node;
    const closed = new Promise((resolve) =>
      signal.addEventListener("abort", resolve)
    );
    await Promise.race([closed, end.promise]);
  }
}
