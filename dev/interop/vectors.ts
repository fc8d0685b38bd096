import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { Layer, Side } from "./matrix.ts";
import { show } from "./things.ts";

/** The codecs, by their names on both sides. */
export const CODECS: Readonly<Record<CodecName, Codec>> = {
  json: json({ nonFinite: "python" }),
  msgpack: msgpack(),
};

/** The name of a codec. */
export type CodecName = "json" | "msgpack";

/** One frame that was sent. */
export interface RecordedFrame {
  readonly from: Side;
  /** The act that sent the frame. */
  readonly meaning: string;
  /** The whole frame, including its length field. */
  readonly hex: string;
  /** The message in readable form. */
  readonly shows: string;
}

/** The frames of a connection, in order. */
export interface Exchange {
  readonly layer: Layer;
  readonly codec: CodecName;
  /** The side that accepted the connection; the other side calls. */
  readonly serves: Side;
  readonly frames: readonly RecordedFrame[];
}

/** A file of `vectors/`. */
export interface VectorFile {
  /** The version of aiomas. */
  readonly aiomas: string;
  readonly exchanges: readonly Exchange[];
}

/** All combinations that are recorded. */
export const RECORDED: readonly Omit<Exchange, "frames">[] =
  (["channel", "rpc", "agents"] as const).flatMap((layer) =>
    (["json", "msgpack"] as const).flatMap((codec) =>
      (["aiomas", "denomas"] as const)
        .map((serves) => ({ layer, codec, serves }))
    )
  );

/** Returns the file of a layer and codec. */
export function vectorFile({ layer, codec }: Omit<Exchange, "frames">): URL {
  return new URL(`vectors/${layer}_${codec}.json`, import.meta.url);
}

/** Returns the message in a frame. */
export function decodeFrame(codec: CodecName, hex: string): unknown {
  return CODECS[codec].decode(Uint8Array.fromHex(hex).subarray(4));
}

/** Returns the message in a frame, in readable form. */
export function showFrame(codec: CodecName, hex: string): string {
  return JSON.stringify(
    show(decodeFrame(codec, hex)),
    // A codec used directly reads 64-bit integers as bigints.
    (_key, value) => typeof value === "bigint" ? Number(value) : value,
  );
}
