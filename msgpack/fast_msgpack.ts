import { readSkimmedMsgPack } from "../channel/codecs/_msgpack_reader.ts";
import { skimMsgPack } from "../channel/codecs/_msgpack_skim.ts";
import type { Codec } from "../channel/codecs/codec.ts";
import { decodeMsgPack } from "./_decode.ts";
import { encodeMsgPack } from "./_encode.ts";

export function fastMsgpack(): Codec {
  return {
    name: "msgpack",
    carries: { binary: true, bigint: true, nonFinite: true, loneSurrogates: false },
    encode: encodeMsgPack,
    decode,
  };
}

function decode(payload: Uint8Array): unknown {
  try {
    return decodeMsgPack(payload);
  } catch {
    skimMsgPack(payload);
    return readSkimmedMsgPack(payload);
  }
}
