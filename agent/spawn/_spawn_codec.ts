import type { Codec } from "../../channel/codecs/codec.ts";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import type { SpawnCodec } from "./_setup.ts";

/** The codec of a spawned container. */
export function codecNamed(name: SpawnCodec): Codec {
  return name === "json" ? json() : msgpack();
}
