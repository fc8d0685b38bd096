/**
 * The deliveries of the memory transport, which wait here for the next turn of
 * the event loop, in one order across all connections.
 */

import { world } from "./_world.ts";

let deliveries: (() => void)[] = [];
let count = 0;

/** Runs `delivery` in the next turn. */
export function deliver(delivery: () => void): void {
  deliveries.push(delivery);
  count++;
  if (deliveries.length === 1) world.defer(deliverAll);
}

/** How many deliveries there were so far: it stands still while all is quiet. */
export function deliveryCount(): number {
  return count;
}

function deliverAll(): void {
  const due = deliveries;
  deliveries = [];
  for (const delivery of due) delivery();
}
