import { type Codec, json, msgpack } from "@denomas/denomas/channel";
import { fastMsgpack } from "@denomas/denomas/msgpack";
import type { Subject } from "./subject.ts";

/** A codec that denomas is measured with. */
export interface MeasuredCodec {
  /** Follows the names of subjects that use it. */
  readonly suffix: string;
  /** What they echo. */
  readonly payload: NonNullable<Subject["payload"]>;
  readonly codec: Codec;
}

/** JSON. */
export const JSON_CODEC: MeasuredCodec = {
  suffix: "",
  payload: "text",
  codec: json(),
};

/** The codec for bytes. */
export const FAST_CODEC: MeasuredCodec = {
  suffix: "-msgpack-fast",
  payload: "bytes",
  codec: fastMsgpack(),
};

/** All of them. */
export const CODECS: readonly MeasuredCodec[] = [
  JSON_CODEC,
  { suffix: "-msgpack", payload: "bytes", codec: msgpack() },
  FAST_CODEC,
];
