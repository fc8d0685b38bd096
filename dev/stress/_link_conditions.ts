import type { Network } from "../../testing/network_contract.ts";
import { type Random, randomInteger } from "../../testing/network/random.ts";
import { rest } from "../shared/wait.ts";
import type { Counters } from "./_counters.ts";

/** The maximum duration of a fault, in milliseconds. */
const LONGEST_MS = 60;

/** Applies random faults to a network until `until`, by `performance.now()`. */
export async function storm(
  network: Network,
  random: Random,
  until: number,
  counters: Counters,
): Promise<void> {
  while (performance.now() < until) {
    const kind = KINDS[randomInteger(random, 0, KINDS.length - 1)]!;
    counters.add(`fault: ${kind}`);
    const fault = FAULTS[kind](network, random);
    await rest(randomInteger(random, 1, LONGEST_MS));
    fault?.[Symbol.dispose]();
  }
  network.heal();
}

type Begin = (network: Network, random: Random) => Disposable | null;

const towards = (random: Random) =>
  random() < 0.3
    ? {}
    : { towards: random() < 0.5 ? "server" : "client" } as const;

const FAULTS = {
  calm: () => null,
  delay: (network, random) =>
    network.delay({ delayMs: random() * 20, jitterMs: random() * 20 }),
  bandwidth: (network, random) =>
    network.bandwidth({ bytesPerSecond: randomInteger(random, 1e4, 1e6) }),
  pieces: (network, random) =>
    network.pieces({ maxBytes: randomInteger(random, 1, 500) }),
  hold: (network, random) => network.hold(towards(random)),
  partition: (network) => network.partition(),
  "black hole": (network, random) => network.blackHole(towards(random)),
  reset: (network) => {
    network.reset();
    return null;
  },
  "half-open": (network, random) => {
    network.halfOpen({ openAt: random() < 0.5 ? "client" : "server" });
    return null;
  },
} satisfies Record<string, Begin>;

const KINDS = Object.keys(FAULTS) as (keyof typeof FAULTS)[];
