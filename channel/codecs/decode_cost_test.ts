// Serial: measures the time of decoding.
import { assert, assertStrictEquals } from "@std/assert";
import process from "node:process";
import { fastMsgpack } from "./msgpack/fast/fast_msgpack.ts";
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

const MIB = 1024 * 1024;
const LIMITS = { maxWeight: maxMessageWeight(DEFAULT_LIMITS) };

/**
 * What a message may take at default limits, in processor time and memory. On
 * a machine of its own the worst takes about a third of either.
 */
const BOUND_MS = 3_000;
const BOUND_BYTES = 512 * MIB;

/** The processor time that this process used, garbage collection included. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** Reads a payload; whether it was refused as too heavy. */
function isTooHeavy(codec: Codec, payload: Uint8Array): boolean {
  const before = Deno.memoryUsage().rss;
  const started = cpuMs();
  let refusal: unknown;
  try {
    new TypeTable([]).unpack(codec.decode(payload, LIMITS));
  } catch (error) {
    refusal = error;
  }
  const took = cpuMs() - started;
  const grown = Deno.memoryUsage().rss - before;
  assert(took < BOUND_MS, `${payload.length} bytes took ${took} ms`);
  assert(grown < BOUND_BYTES, `${payload.length} bytes took ${grown} bytes`);
  return refusal instanceof ProtocolError;
}

function testCost(codec: Codec, name: string, kinds: readonly HeavyKind[]) {
  for (const kind of kinds) {
    Deno.test(`${name} takes bounded time and memory for ${kind.name}`, () => {
      // The worst is the longest payload, or the longest that is not refused.
      let bytes = kind.mostBytes;
      while (isTooHeavy(codec, kind.make(bytes))) {
        bytes = Math.floor(bytes * 0.6);
        assert(bytes > MIB / 8, "even a short payload is refused");
      }
    });
  }
}

testCost(json(), "json", HEAVY_JSON);
testCost(msgpack(), "msgpack", HEAVY_MSGPACK);

Deno.test("fastMsgpack costs what msgpack does, by the same reader", () => {
  assertStrictEquals(fastMsgpack().decode, msgpack().decode);
});
