/**
 * The subset of DER (ITU-T X.690) that certificates need. Pure.
 *
 * @module
 */

/** Bytes in DER: a tag, the length of the content, and the content. */
export type Der = Uint8Array<ArrayBuffer>;

/** The tags of values without an encoder of their own. */
export const TAG = {
  boolean: 0x01,
  bitString: 0x03,
  octetString: 0x04,
  utf8String: 0x0c,
  set: 0x31,
  /** Base tag of an optional field that is identified by its position only. */
  field: 0x80,
  /** Base tag of a positional field that wraps another value. */
  wrappedField: 0xa0,
};

/**
 * The Boolean `true`. DER omits default values, so `false` is never written.
 */
export const TRUE: Der = der(TAG.boolean, new Uint8Array([0xff]));

/** Encodes a value with the given tag. */
export function der(tag: number, ...content: readonly Uint8Array[]): Der {
  const bytes = content.flatMap((part) => [...part]);
  return new Uint8Array([tag, ...lengthOf(bytes.length), ...bytes]);
}

/** Encodes values in a fixed order. */
export function sequence(...items: readonly Uint8Array[]): Der {
  return der(0x30, ...items);
}

/** Encodes an unsigned integer, given as big-endian bytes. */
export function integer(bytes: Uint8Array): Der {
  const start = bytes.findIndex((byte) => byte !== 0);
  const shortest = bytes.subarray(start);
  // With a leading 1 bit, the integer would be negative.
  const sign = new Uint8Array(shortest[0]! >= 0x80 ? 1 : 0);
  return der(0x02, sign, shortest);
}

/** Encodes an object identifier, given as its bytes in hexadecimal digits. */
export function objectId(hex: string): Der {
  return der(0x06, Uint8Array.fromHex(hex));
}

/** Encodes a time. Years up to 2049 have two digits, as RFC 5280 requires. */
export function time(date: Date): Der {
  const digits = date.toISOString().replace(/\.\d+|[-:T]/g, "");
  const encoder = new TextEncoder();
  return date.getUTCFullYear() < 2050
    ? der(0x17, encoder.encode(digits.slice(2)))
    : der(0x18, encoder.encode(digits));
}

function lengthOf(length: number): number[] {
  if (length < 0x80) return [length];
  if (length < 0x100) return [0x81, length];
  return [0x82, length >>> 8, length & 0xff];
}
