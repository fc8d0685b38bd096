import type { CodecCapabilities } from "../../channel/codecs/codec.ts";
import type { TypeEntry } from "../../channel/codecs/types/type_entry.ts";
import { isRich, packRich, unpackRich } from "./_rich_values.ts";

/**
 * Returns the custom type that encodes values which a codec cannot encode
 * itself.
 */
export function richType({ binary }: CodecCapabilities): TypeEntry {
  return {
    matches: (value) => isRich(value, binary),
    pack: (value) => packRich(value, { binary, stacks: false }),
    unpack: unpackRich,
  };
}
