import { comesTrue } from "../_ended.ts";
import type { Random } from "../../../testing/network/_random.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import { DenomasError } from "../../../transports/errors.ts";
import { usedHeapBytes } from "../../../channel/fixtures/heap.ts";
import type { Effects } from "./effects.ts";
import type { HostilePeerOptions } from "./peer.ts";
import type { WireName } from "./wire.ts";

/** Where an attack tells what it did and found. */
export interface AttackLog {
  /** A frame of a kind was sent. */
  readonly count: (kind: string) => void;
  /** An honest call took so long, in milliseconds. */
  readonly honest: (ms: number) => void;
  /** A promise was broken. */
  readonly breach: (sentence: string) => void;
}

/** How long an attack goes on, and what it draws from. */
export interface AttackOptions {
  readonly random: Random;
  readonly log: AttackLog;
  /** Whether to go on, by how many frames were sent. */
  readonly goesOn: (frames: number) => boolean;
}

/** What may be left in memory after an attack, in bytes. */
const LEFT_BYTES = 32 * 2 ** 20;

/** What all hostile peers of an attack have in common. */
export function peerOptions(
  ctx: Ctx,
  { random, log }: AttackOptions,
  { secret, breach }: Effects,
): Omit<HostilePeerOptions, "prey"> {
  const wire = ctx.options.codec.name as WireName;
  return { wire, random, secret, breach, count: log.count };
}

/** What is in use in memory now, in bytes. */
export async function memoryBytes(): Promise<number> {
  const used = await usedHeapBytes();
  return used + Deno.memoryUsage().external;
}

/** Tells all that has happened, and what is left in memory since `before`. */
export async function tellEffects(
  ctx: Ctx,
  effects: Effects,
  log: AttackLog,
  before: number,
): Promise<void> {
  for (const error of ctx.takeHandlerErrors()) {
    // Peers break the protocol, and are reported.
    if (error instanceof DenomasError) {
      effects.printed(`${error.name}: ${error.message}`);
    } else effects.breach(`a handler threw ${Deno.inspect(error)}`);
  }
  for (const effect of effects.take()) log.breach(effect);
  // Timers that look after what is gone may hold it for a moment.
  let left = 0;
  const isBack = async () => {
    left = await memoryBytes() - before;
    return left <= LEFT_BYTES;
  };
  if (!await comesTrue(isBack)) {
    log.breach(`${left} bytes are left in memory`);
  }
}
