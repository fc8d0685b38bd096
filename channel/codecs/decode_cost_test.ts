// Serial: measures the time of decoding.
import { assert } from "@std/assert";
import process from "node:process";
import { ProtocolError } from "../../transports/errors.ts";
import { DEFAULT_LIMITS } from "../limits/limits.ts";
import type { Codec } from "./codec.ts";
import {
  HEAVY_JSON,
  HEAVY_MSGPACK,
  type HeavyKind,
} from "./fixtures/heavy_payloads.ts";
import { json } from "./json/json.ts";
import { maxMessageWeight } from "../limits/_arrivals.ts";
import { msgpack } from "./msgpack/msgpack.ts";
import { TypeTable } from "./types/type_table.ts";

const MAX_WEIGHT = maxMessageWeight(DEFAULT_LIMITS);

/** How much smaller the payloads are that search for the longest length. */
const SCALE = 16;

/**
 * What a message may take at default limits, in processor time and memory. On
 * a machine of its own the worst takes about a third of either.
 */
const BOUND_MS = 3_000;
const BOUND_BYTES = 512 * 1024 * 1024;

/** The processor time that this process used, garbage collection included. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Reads a payload; whether it was refused as too heavy. */
function isRefused(
  codec: Codec,
  payload: Uint8Array,
  maxWeight: number,
): boolean {
  try {
    new TypeTable([]).unpack(codec.decode(payload, { maxWeight }));
    return false;
  } catch (error) {
    return error instanceof ProtocolError;
  }
}

/** The same at default limits, within the bounds. */
function isTooHeavy(codec: Codec, payload: Uint8Array): boolean {
  const before = Deno.memoryUsage().rss;
  const started = cpuMs();
  const isHeavy = isRefused(codec, payload, MAX_WEIGHT);
  const took = cpuMs() - started;
  const grown = Deno.memoryUsage().rss - before;
  assert(took < BOUND_MS, `${payload.length} bytes took ${took} ms`);
  assert(grown < BOUND_BYTES, `${payload.length} bytes took ${grown} bytes`);
  return isHeavy;
}

/** Returns the first length, from `bytes` downwards, that is not too heavy. */
function shorten(bytes: number, isHeavy: (bytes: number) => boolean): number {
  const shortest = bytes / 128;
  while (isHeavy(bytes)) {
    bytes = Math.floor(bytes * 0.6);
    assert(bytes > shortest, "even a short payload is refused");
  }
  return bytes;
}

function testCost(codec: Codec, name: string, kinds: readonly HeavyKind[]) {
  for (const { name: kind, mostBytes, make } of kinds) {
    Deno.test(`${name} takes bounded time and memory for ${kind}`, () => {
      // The worst is the longest payload, or the longest that is not refused.
      if (!isTooHeavy(codec, make(mostBytes))) return;
      // Small limits with small payloads show soon how long that is.
      const small = shorten(
        mostBytes / SCALE,
        (bytes) => isRefused(codec, make(bytes), MAX_WEIGHT / SCALE),
      );
      shorten(small * SCALE, (bytes) => isTooHeavy(codec, make(bytes)));
    });
  }
}

testCost(json(), "json", HEAVY_JSON);
testCost(msgpack(), "msgpack", HEAVY_MSGPACK);
