/**
 * Turns messages into payloads of frames and back.
 *
 * A codec sees plain data only: `null`, booleans, numbers, strings, arrays,
 * objects with string keys, and what it says it {@linkcode Codec.carries}.
 * Custom types, `undefined`, and values that no codec can carry are dealt with
 * before `encode` and after `decode`, in one place for all codecs.
 */
export interface Codec {
  /** A short name for reports, such as `"json"`. */
  readonly name: string;
  /** What this format carries beyond JSON's own values. */
  readonly carries: CodecCapabilities;
  /**
   * Encodes plain data, which is nested little more than 1,000 levels deep at
   * most and not circular. A string is sent as UTF-8; it saves a copy.
   *
   * An error thrown here becomes the cause of a `SerializationError`.
   */
  encode(value: unknown): string | Uint8Array;
  /**
   * Decodes a payload. `payload` is a view that is valid only until this
   * returns: copy what is kept. It comes from the other side and may be
   * anything: take no memory for what it merely claims. Keys such as
   * `__proto__` must become own properties. Lists and maps must be fresh, as
   * custom types are revived in place; a map is a plain object.
   *
   * An error thrown here becomes the cause of a `ProtocolError`, which ends
   * the connection. A payload whose values would take more memory than
   * `limits.maxWeight` must be refused before that memory is taken; a codec
   * that leaves `limits` out lets a peer take what `limits.frames.maxBytes` allows.
   */
  decode(payload: Uint8Array, limits?: DecodeLimits): unknown;
  /**
   * Takes back bytes that {@linkcode Codec.encode} returned: they were copied,
   * and nobody reads them any more, so that their memory can be used again.
   * Not called for all of them. A codec around another one passes it on only
   * with what that one returned.
   */
  release?(payload: Uint8Array): void;
}

/** What the decoding of one payload may take. */
export interface DecodeLimits {
  /** The most memory that the decoded values may take, in bytes. */
  readonly maxWeight: number;
}

/** What a codec carries beyond JSON's own values. */
export interface CodecCapabilities {
  /** `Uint8Array` arrives as `Uint8Array`. */
  readonly binary: boolean;
  /** `bigint` within 64 bits arrives as `bigint`, or as a safe `number`. */
  readonly bigint: boolean;
  /** `NaN` and the infinities. */
  readonly nonFinite: boolean;
  /** Strings and keys with half of a surrogate pair. */
  readonly loneSurrogates: boolean;
}
