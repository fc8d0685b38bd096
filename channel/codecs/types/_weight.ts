import { ProtocolError } from "../../../transports/errors.ts";

/*
 * The weight of a decoded value is the memory that it takes, in bytes. Measured
 * with V8 15 in Deno 2.9.6 on 64 bits: the growth of `heapUsed + external`
 * after a full garbage collection, divided by the number of values. The comment
 * of each constant gives the measured figures.
 */

/** The place of an item in its list, or of a value in its map. */
export const SLOT_BYTES = 8;

/** A list without its slots: 32 empty, 48 with items. */
export const LIST_BYTES = 48;

/** A map without its keys: 56 empty, 24 and more with keys. */
export const MAP_BYTES = 56;

/**
 * A key and the place of its value: 8 where other maps have the same keys in
 * the same order, 76 to 128 in maps whose keys are all different.
 */
export const KEY_BYTES = 32;

/**
 * A key that makes a new hidden class of V8, because no earlier map had the
 * same keys up to this one: up to 128 bytes of memory, and 2 to 3 µs. The
 * figure is higher than the memory so that it bounds the time as well.
 */
export const NEW_SHAPE_BYTES = 384;

/** A key of a map with so many keys that it is a dictionary: 87. */
export const DICTIONARY_KEY_BYTES = 96;

/** A number that is not an integer of 32 bits: 12 to 16. */
export const DOUBLE_BYTES = 16;

/** A text without its units: 16 to 24, or 0 for at most one unit. */
export const TEXT_BYTES = 24;

/** A unit of text: 1, or 2 if any unit of the text is beyond U+00FF. */
export const UNIT_BYTES = 2;

/** An integer of 64 bits: 8 to 16 beside its slot. */
export const BIGINT_BYTES = 16;

/** A `Uint8Array` without its bytes: 107 as a view, 202 with a buffer. */
export const BINARY_BYTES = 208;

/**
 * A revived value: 136 to 553 bytes for proxies and streams of RPC, and 2 to
 * 5 µs. The figure is high enough to bound the time as well.
 */
export const REVIVED_BYTES = 512;

/** Creates the error for a message that would take too much memory. */
export function tooHeavy(maxWeight: number): ProtocolError {
  return new ProtocolError(
    `Cannot read a message: it would take more than ${maxWeight} bytes of memory; send less at once or raise 'limits.requests.maxHeldBytes'`,
  );
}
