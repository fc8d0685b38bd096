import { formatAgentAddress, parseAgentAddress } from "../../agent/address.ts";
import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { mutate } from "../../channel/fixtures/random.ts";
import { resolveMethod } from "../../rpc/internal.ts";
import { service } from "../../rpc/service/service.ts";
import { assertEquals } from "@std/assert";
import {
  randomBytes,
  randomInteger,
  seededRandom,
} from "../../testing/network/random.ts";
import type { Random } from "../../testing/network/random.ts";
import { formatAddress, parseAddress } from "../../transports/address.ts";
import { DenomasError } from "../../transports/errors.ts";
import { areSameBytes } from "../../transports/fixtures/bytes.ts";
import { encodeFrame, FrameDecoder } from "../../transports/frames/frame.ts";
import { pick } from "../shared/pick.ts";
import {
  isFinite,
  isSameData,
  randomMessage,
  randomPath,
  randomValue,
} from "./fixtures/values.ts";

/** The number of random inputs for each parser. */
const INPUTS = 3_000;
const CODECS: readonly Codec[] = [json(), msgpack()];
const REACHABLE = new Set(["a", "sub/add"]);
const SERVED = service({ a: () => 1, sub: service({ add: () => 2 }) });
const ADDRESSES = [
  "tcp://127.0.0.1:5555",
  "tcp://[::1]:0",
  "tcp://host.example:65535",
  "ipc://[/tmp/some.sock]",
  "local://queue-1",
];

const PARSERS: Record<string, (random: Random) => string | null> = {
  "frames, whole": fuzzFrames,
  "frames, bytes": fuzzFrameBytes,
  "codec, values": fuzzValues,
  "codec, bytes": fuzzCodecBytes,
  "paths": fuzzPaths,
  "addresses": fuzzAddresses,
};

/** Valid frames, in pieces of any size, must be decoded unchanged. */
function fuzzFrames(random: Random): string | null {
  const wanted = Array.from(
    { length: randomInteger(random, 1, 5) },
    () => randomBytes(random, randomInteger(random, 1, 300)),
  );
  const found = decode(join(wanted.map((it) => encodeFrame(it))), random);
  const isSame = found.length === wanted.length &&
    found.every((it, index) => areSameBytes(it, wanted[index]!));
  return isSame ? null : `${found.length} frames, wanted ${wanted.length}`;
}

/** Arbitrary bytes must yield frames, or one of our errors. */
function fuzzFrameBytes(random: Random): string | null {
  const frame = encodeFrame(randomBytes(random, randomInteger(random, 1, 100)));
  const bytes = random() < 0.5
    ? mutate(frame, random)
    : randomBytes(random, randomInteger(random, 1, 50));
  try {
    decode(bytes, random);
  } catch (error) {
    if (!(error instanceof DenomasError)) throw error;
  }
  return null;
}

function decode(bytes: Uint8Array, random: Random): Uint8Array[] {
  const decoder = new FrameDecoder(1_024);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + randomInteger(random, 1, 64));
    const space = decoder.space();
    const taken = piece.subarray(0, space.length);
    space.set(taken);
    decoder.filled(taken.length);
    at += taken.length;
    for (let it = decoder.next(); it !== null; it = decoder.next()) {
      frames.push(it.slice());
    }
  }
  return frames;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

function fuzzValues(random: Random): string | null {
  const codec = pick(random, CODECS);
  const value = randomValue(random);
  const back = codec.decode(encodeBytes(codec, value));
  if (isSameData(value, back)) return null;
  return `${codec.name} made ${Deno.inspect(back)} of ${Deno.inspect(value)}`;
}

/**
 * Nearly valid bytes must yield an error, or a value that can be encoded again.
 */
function fuzzCodecBytes(random: Random): string | null {
  const codec = pick(random, CODECS);
  const bytes = mutate(encodeBytes(codec, randomMessage(random)), random);
  let value: unknown;
  try {
    value = codec.decode(bytes);
  } catch (error) {
    if (error instanceof Error && !(error instanceof RangeError)) return null;
    return `${codec.name} threw ${Deno.inspect(error)} at ${bytes}`;
  }
  // JSON parses too large numbers as infinite, but cannot encode infinity.
  if (!codec.carries.nonFinite && !isFinite(value)) return null;
  const again = codec.decode(encodeBytes(codec, value));
  return isSameData(value, again)
    ? null
    : `${codec.name} made ${Deno.inspect(again)} of ${Deno.inspect(value)}`;
}

/** Returns the payload of a value. */
function encodeBytes(codec: Codec, value: unknown): Uint8Array {
  const payload = codec.encode(value);
  return typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
}

function fuzzPaths(random: Random): string | null {
  const path = random() < 0.1
    ? pick(random, [...REACHABLE])
    : randomPath(random);
  const isFound = resolveMethod(SERVED, path) !== null;
  return isFound === REACHABLE.has(path)
    ? null
    : `'${path}' was ${isFound ? "found" : "not found"}`;
}

function fuzzAddresses(random: Random): string | null {
  const right = pick(random, ADDRESSES);
  const bytes = mutate(new TextEncoder().encode(right), random);
  const text = new TextDecoder().decode(bytes);
  return fuzzAddress(text, (it) => formatAddress(parseAddress(it))) ??
    fuzzAddress(
      `${text}/${randomPath(random)}`,
      (it) => formatAgentAddress(parseAgentAddress(it)),
    );
}

/** An address must be refused with a `TypeError`, or be formatted unchanged. */
function fuzzAddress(
  text: string,
  copy: (text: string) => string,
): string | null {
  try {
    const again = copy(text);
    return again === text ? null : `'${text}' became '${again}'`;
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

for (const [what, run] of Object.entries(PARSERS)) {
  Deno.test(`${INPUTS} random inputs leave the promises of parsers: ${what}`, () => {
    const random = seededRandom(7);
    for (let left = INPUTS; left > 0; left--) assertEquals(run(random), null);
  });
}
