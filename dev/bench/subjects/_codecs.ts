import { type Codec, json, msgpack } from "@denomas/denomas/channel";
import { fastMsgpack } from "@denomas/denomas/msgpack";
import type { Subject } from "./subject.ts";

/** A codec to measure denomas with. */
export interface MeasuredCodec {
  /** The suffix of the names of subjects that use the codec. */
  readonly suffix: string;
  /** The kind of payload that those subjects echo. */
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

/** All measured codecs. */
export const CODECS: readonly MeasuredCodec[] = [
  JSON_CODEC,
  { suffix: "-msgpack", payload: "bytes", codec: msgpack() },
  FAST_CODEC,
];
