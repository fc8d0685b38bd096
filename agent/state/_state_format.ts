import type { Codec } from "../../channel/codecs/codec.ts";
import type { Serializer } from "../../channel/codecs/types/serializer.ts";
import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import { richType } from "../../rpc/internal.ts";

/**
 * Encodes and decodes states, with the codec and serializers of a container.
 */
export class StateFormat {
  readonly #codec: Codec;
  readonly #types: TypeTable;

  constructor(codec: Codec, serializers: readonly Serializer[]) {
    const { carries } = codec;
    this.#codec = codec;
    this.#types = new TypeTable([...serializers, richType(carries)], {
      carries,
    });
  }

  /**
   * Encodes a state.
   *
   * @throws {SerializationError} If the state contains values that cannot be
   * saved.
   */
  encode(state: unknown): Uint8Array {
    const payload = this.#codec.encode(this.#types.pack(state));
    if (typeof payload === "string") return new TextEncoder().encode(payload);
    const bytes = payload.slice();
    this.#codec.release?.(payload);
    return bytes;
  }

  /**
   * Decodes a state.
   *
   * @throws {Error} If the bytes do not fit this codec and these serializers.
   */
  decode(bytes: Uint8Array): unknown {
    return this.#types.unpack(this.#codec.decode(bytes));
  }
}
