/**
 * A house in which auctions live: `deno run -A house.ts ENGINE NAME`. On
 * SIGTERM, or at the end of its input, it hands its auctions over to the other
 * houses.
 *
 * @module
 */
import { ContainerClosedError } from "@denomas/denomas/agent";
import { EngineError, Node } from "@denomas/denomas/cluster";
import { onInterruption } from "../interruption.ts";
import { print } from "../print.ts";
import { stdinEnd } from "../stdin_end.ts";
import { Auction, Bidder } from "./auction.ts";
import { CLUSTER, LEASE_MS, openEngine } from "./engine.ts";
import type { Engine } from "@denomas/denomas/cluster";

/** Opens a house, with two bidders. */
export async function openHouse(engine: Engine, name: string): Promise<Node> {
  await using opened = new AsyncDisposableStack();
  const node = opened.use(
    await Node.join(CLUSTER, {
      engine,
      name,
      leaseMs: LEASE_MS,
      heartbeatMs: 2_000,
      onError: () => {}, // `node.signal` tells
    }),
  );
  await node.offer({ Auction });
  for (const id of ["ada", "bob"]) {
    const bidder = await node.container
      .spawn(Bidder, { id: `${id}-of-${name}` });
    await node.group("bidders").join(bidder);
  }
  opened.move(); // the caller closes it
  return node;
}

function aborted(signal: AbortSignal): Promise<unknown> {
  return new Promise((resolve) => signal.addEventListener("abort", resolve));
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
    try {
      await using node = await openHouse(engine, name);
      print(`${name} is open`);
      await Promise.race([aborted(node.signal), end.promise]);
    } catch (error) {
      const mayPass = error instanceof EngineError || // the engine is away
        error instanceof ContainerClosedError; // the node has ended meanwhile
      if (!mayPass) throw error;
      await Promise.race([aborted(AbortSignal.timeout(1_000)), end.promise]);
    }
  }
}
