/**
 * What the codecs take to encode and decode, in µs of one process: medians of
 * rounds in which they take turns.
 *
 * @module
 */

import { type Codec, json, msgpack } from "@denomas/denomas/channel";
import { fastMsgpack } from "@denomas/denomas/msgpack";
import { print } from "./_print.ts";

const ROUNDS = 25;
/** About how long a round of one codec takes, in milliseconds. */
const ROUND_MS = 2;

const CODECS: readonly (readonly [string, Codec])[] = [
  ["json", json()],
  ["msgpack", msgpack()],
  ["fastMsgpack", fastMsgpack()],
];

const rows = Array.from({ length: 16 }, (_, n) => ({
  key: `row-${n}`,
  value: n * 1.1,
  count: n * 100,
  isEven: n % 2 === 0,
}));

const CONTENTS: readonly (readonly [string, unknown])[] = [
  ["a small object", { name: "Ada", n: 5 }],
  ["an object of 1 KiB", { id: 123_456, on: true, none: null, rows }],
  ["text of 64 KiB", "x".repeat(64 * 1024)],
  ["bytes of 1 MiB", new Uint8Array(1024 * 1024).fill(7)],
];

/** Kept, so that no work can be left out. */
let last: unknown;

/** µs of one run of `act`, which is run as often as fits a round. */
function time(act: () => unknown, runs: number): number {
  const startedAt = performance.now();
  for (let run = 0; run < runs; run++) last = act();
  return (performance.now() - startedAt) / runs * 1000;
}

function runsOf(act: () => unknown): number {
  for (let runs = 1;; runs *= 2) {
    const ms = time(act, runs) * runs / 1000;
    if (ms >= ROUND_MS) return runs;
  }
}

function median(times: number[]): number {
  return times.toSorted((a, b) => a - b)[times.length >> 1]!;
}

function bytesOf(codec: Codec, message: unknown): Uint8Array {
  const payload = codec.encode(message);
  return typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
}

/** Measures all codecs that carry `content`, and prints a line for each. */
function measure(what: string, content: unknown): void {
  const message = [0, 5, content];
  const measured = CODECS
    .filter(([, { carries }]) =>
      carries.binary || !(content instanceof Uint8Array)
    )
    .flatMap(([name, codec]) => {
      const payload = bytesOf(codec, message);
      return [
        { name, act: () => codec.encode(message), times: [] as number[] },
        { name, act: () => codec.decode(payload), times: [] as number[] },
      ];
    })
    .map((it) => ({ ...it, runs: runsOf(it.act) }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const { act, times, runs } of measured) times.push(time(act, runs));
  }
  for (let at = 0; at < measured.length; at += 2) {
    const [encoding, decoding] = [measured[at]!, measured[at + 1]!];
    print([
      what.padEnd(20),
      encoding.name.padEnd(12),
      `encode ${median(encoding.times).toFixed(2).padStart(8)} µs`,
      `decode ${median(decoding.times).toFixed(2).padStart(8)} µs`,
    ].join("  "));
  }
}

if (import.meta.main) {
  for (const [what, content] of CONTENTS) measure(what, content);
  // Reading it keeps the engine from leaving out what wrote it.
  if (last === undefined) throw new Error("Nothing was measured");
}
