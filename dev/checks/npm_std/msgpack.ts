/**
 * `@std/msgpack` for machines that can reach npm but not JSR: an untyped copy
 * of the same module, with the types of the original.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import * as std from "npm:deno-std@1.4.0/msgpack/mod.js";

/** A value that MessagePack can carry. */
export type ValueType =
  | number
  | bigint
  | string
  | boolean
  | null
  | Uint8Array
  | readonly ValueType[]
  | ValueMap;

/** A map, whose keys are strings or numbers. */
export interface ValueMap {
  /** The value of a key. */
  [index: string | number]: ValueType;
}

/** Encodes a value. */
export const encode: (object: ValueType) => Uint8Array<ArrayBuffer> =
  std.encode;

/** Decodes a value that takes up the whole of `data`. */
export const decode: (data: Uint8Array) => ValueType = std.decode;
