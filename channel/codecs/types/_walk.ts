import type { CodecCapabilities } from "../codec.ts";
import type { TypeEntry } from "./type_entry.ts";

/** The state of a walk through a message. All levels share one object. */
export interface Walk {
  /** The custom types. The index of a type is its id on the wire. */
  readonly types: readonly TypeEntry[];
  /** The deepest nesting of lists and maps. */
  readonly maxDepth: number;
  /** The most keys of one map. */
  readonly maxKeys: number;
  /** The values that the codec carries. */
  readonly carries: CodecCapabilities;
  /** The context that the layer above passed with the message. */
  context: unknown;
  /** The most that `weight` may be when a custom type is revived. */
  maxWeight: number;
  /** About how many bytes of memory the visited values take. */
  weight: number;
  /** Returns the id of the custom type of a value that is not plain data. */
  find(value: unknown): number | undefined;
}
