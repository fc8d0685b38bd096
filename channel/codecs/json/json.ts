import { readOddJson } from "./_odd.ts";
import { hasEscapedKey, MAX_JSON_WEIGHT_PER_BYTE, scanJson } from "./_scan.ts";
import { writePythonJson } from "./_python_json.ts";
import type { Codec, DecodeLimits } from "../codec.ts";

/** Options for {@linkcode json}. */
export interface JsonOptions {
  /**
   * How to write `NaN` and the infinities, which JSON cannot express: `"error"`
   * refuses them with a `SerializationError`, and `"python"` writes them as
   * bare words, which Python's `json` writes and reads. Most other JSON parsers
   * refuse these words. This codec always reads them.
   *
   * @default {"error"}
   */
  readonly nonFinite?: "error" | "python";
}

/**
 * Creates the JSON codec, the default codec of channels.
 *
 * - Half of a surrogate pair travels as `\uXXXX`. Bytes and `bigint` are
 *   refused.
 * - An integer beyond 2⁵³ is read as the nearest double, and `1e999` as
 *   `Infinity`, as `JSON.parse` does.
 * - A byte order mark at the start of a payload is skipped; bytes that are not
 *   UTF-8 are an error.
 *
 * @throws {TypeError} If `options.nonFinite` is neither of its two values.
 *
 * @example Both ways
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { json } from "@denomas/denomas/channel";
 *
 * const codec = json();
 * assertEquals(codec.encode([0, 1, "hi"]), '[0,1,"hi"]');
 * assertEquals(codec.decode(new TextEncoder().encode("[1, NaN]")), [1, NaN]);
 * ```
 */
export function json(options: JsonOptions = {}): Codec {
  const { nonFinite = "error" } = options;
  if (nonFinite !== "error" && nonFinite !== "python") {
    throw new TypeError(
      `Cannot make the json codec: 'nonFinite' is '${nonFinite}', and must be 'error' or 'python'`,
    );
  }
  return {
    name: "json",
    carries: {
      binary: false,
      bigint: false,
      nonFinite: nonFinite === "python",
      loneSurrogates: true,
    },
    encode: nonFinite === "python"
      ? writePythonJson
      : (value) => JSON.stringify(value),
    decode,
  };
}

const lenient = new TextDecoder();
const strict = new TextDecoder("utf-8", { fatal: true });

/** A payload up to this length takes little time, whatever it holds. */
const SHORT_BYTES = 1024 * 1024;

function decode(payload: Uint8Array, limits?: DecodeLimits): unknown {
  const maxWeight = limits?.maxWeight ?? Infinity;
  const text = limits?.ascii?.() ?? decodeText(payload);
  const isLight = payload.length <= SHORT_BYTES &&
    payload.length * MAX_JSON_WEIGHT_PER_BYTE <= maxWeight;
  const hasBareWord = !isLight && scanJson(text, maxWeight);
  if (hasBareWord || hasEscapedKey(text)) return readOdd(payload);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (isLight && /NaN|Infinity/.test(text)) return readOdd(payload);
    throw error;
  }
}

/**
 * Gives the reader its own text. Unlike `JSON.parse`, it may keep parts of it.
 */
function readOdd(payload: Uint8Array): unknown {
  return readOddJson(decodeText(payload));
}

/**
 * The lenient decoder is several times faster and replaces bad bytes with
 * U+FFFD, so only text that holds that character is decoded a second time.
 */
function decodeText(payload: Uint8Array): string {
  const text = lenient.decode(payload);
  return text.includes("\ufffd") ? strict.decode(payload) : text;
}
