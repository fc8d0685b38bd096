/**
 * Turns messages into payloads of frames and back.
 *
 * A codec sees only plain data: `null`, booleans, numbers, strings, arrays,
 * objects with string keys, and the values that {@linkcode Codec.carries}
 * names. The channel handles custom types, `undefined` and values that no codec
 * can carry before `encode` and after `decode`, for all codecs alike.
 */
export interface Codec {
  /** A short name for reports, such as `"json"`. */
  readonly name: string;
  /** The values that this format carries beyond those of JSON. */
  readonly carries: CodecCapabilities;
  /**
   * Encodes plain data. The data is not circular, and at most a little over
   * 1,000 levels deep. The channel sends a string as UTF-8, which saves a copy.
   *
   * An error thrown here becomes the cause of a `SerializationError`.
   */
  encode(value: unknown): string | Uint8Array;
  /**
   * Decodes a payload, which comes from the other side and may hold anything.
   * `payload` is a view that is valid only until this returns: copy the bytes
   * that the result holds. Allocate no memory for lengths that the payload
   * merely claims. Keys such as `__proto__` must become own properties. Lists
   * and maps must be new, because custom types are revived in place. A map is a
   * plain object.
   *
   * An error thrown here becomes the cause of a `ProtocolError`, which ends the
   * connection. Refuse a payload whose values would take more memory than
   * `limits.maxWeight`. A codec that ignores `limits` lets a peer take as much
   * memory as the longest frame can describe.
   */
  decode(payload: Uint8Array, limits?: DecodeLimits): unknown;
  /**
   * Takes back bytes that {@linkcode Codec.encode} returned, so that their
   * memory can be used again: they were copied or written, and nothing reads
   * them any more. A codec with this method must not change such bytes before
   * they come back, which may be after later calls of `encode`, or never. A
   * codec that wraps another codec passes on only bytes that the wrapped codec
   * returned.
   */
  release?(payload: Uint8Array): void;
}

/** Limits on the decoding of one payload. */
export interface DecodeLimits {
  /** The most memory that the decoded values may take, in bytes. */
  readonly maxWeight: number;
  /**
   * If there is a list, large byte values in the result may be views of the
   * payload instead of copies. The codec adds each such view to the list. The
   * channel copies the views that are used after the payload is gone. A codec
   * may ignore the list.
   */
  readonly views?: Uint8Array[] | undefined;
  /**
   * Returns the payload as text, or `null`. Returns text only if the payload is
   * ASCII and arrived together with other payloads, because the channel decodes
   * these together to save time. The text is part of a longer string that it
   * keeps in memory: copy any part of it that the result holds.
   */
  readonly ascii?: (() => string | null) | undefined;
}

/** The values that a codec carries beyond those of JSON. */
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
