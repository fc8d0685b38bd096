import type { Codec } from "../channel/codecs/codec.ts";
import { json } from "../channel/codecs/json.ts";
import { msgpack } from "../channel/codecs/msgpack.ts";
import type { SpawnCodec } from "./_spawn_setup.ts";

/** The codec of a spawned container. */
export function codecNamed(name: SpawnCodec): Codec {
  return name === "json" ? json() : msgpack();
}
