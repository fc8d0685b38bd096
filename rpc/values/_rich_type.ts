import type { CodecCapabilities } from "../../channel/codecs/codec.ts";
import type { TypeEntry } from "../../channel/codecs/types/type_entry.ts";
import { isRich, packRich, unpackRich } from "./_rich_values.ts";

/** The custom type in which values travel that a codec does not carry. */
export function richType({ binary }: CodecCapabilities): TypeEntry {
  return {
    matches: (value) => isRich(value, binary),
    pack: (value) => packRich(value, { binary, stacks: false }),
    unpack: unpackRich,
  };
}
