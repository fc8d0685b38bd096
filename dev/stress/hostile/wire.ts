import { json } from "../../../channel/codecs/json/json.ts";
import { fastMsgpack } from "../../../channel/codecs/msgpack/fast/fast_msgpack.ts";

/** The codecs of a hostile peer, by the names that channels give to theirs. */
const CODECS = { json: json(), msgpack: fastMsgpack() };
/** Writes the numbers that JSON has no form for. */
const PYTHON = json({ nonFinite: "python" });

/** Name of a codec on the wire: both MessagePack codecs write the same. */
export type WireName = keyof typeof CODECS;

/** Half of a surrogate pair, as `JSON.stringify` writes it. */
const LONE_SURROGATE = /\\ud[89a-f][0-9a-f]{2}/g;

/**
 * Encodes a message of plain data, custom types written by hand. Half of a
 * surrogate pair becomes a question mark where the codec has no form for it.
 */
export function encodeWire(name: WireName, message: unknown): Uint8Array {
  const codec = CODECS[name];
  try {
    return copy(codec.encode(message));
  } catch {
    if (name === "json") return copy(PYTHON.encode(message));
    const text = JSON.stringify(message).replaceAll(LONE_SURROGATE, "?");
    return copy(codec.encode(JSON.parse(text)));
  }
}

/** A codec may write its next payload over the last one. */
function copy(payload: Uint8Array | string): Uint8Array {
  return typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload.slice();
}

/** Decodes a message, custom types as the maps that they are on the wire. */
export function decodeWire(name: WireName, payload: Uint8Array): unknown {
  return CODECS[name].decode(payload);
}
