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

/** The factor by which payloads are smaller in the search for a length. */
const SCALE = 16;

/**
 * The most processor time and memory for one message at default limits. On an
 * otherwise idle machine, the worst message takes about a third of either.
 */
const BOUND_MS = 3_000;
const BOUND_BYTES = 512 * 1024 * 1024;

/** Returns the processor time of this process, with garbage collection. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Decodes a payload, and returns whether it was refused as too heavy. */
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

/** The same at default limits. Asserts the bounds on time and memory. */
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
      // The worst payload is the longest, or the longest that is not refused.
      if (!isTooHeavy(codec, make(mostBytes))) return;
      // Small payloads with small limits quickly find that length.
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
