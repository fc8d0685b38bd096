import { ROOT } from "../tools/_project.ts";
import type { Versions } from "./matrix.ts";

/** Where the recordings are. */
export const VECTORS = `${ROOT}/interop/vectors.json`;

/** A frame, its length included, as hex, and who sent it. */
export type RecordedFrame = readonly [
  sender: "aiomas" | "denomas",
  hex: string,
];

/** What was said in one session. */
export interface Recording {
  /** Who served whom, and how. */
  readonly session: string;
  /** In the order in which aiomas sent and received them. */
  readonly frames: readonly RecordedFrame[];
  /** What came of the calls of denomas; `null` where aiomas called. */
  readonly results: unknown;
}

/** All recordings. */
export interface Vectors {
  readonly versions: Versions;
  readonly recordings: readonly Recording[];
}

/** Reads them. */
export async function readVectors(): Promise<Vectors> {
  return JSON.parse(await Deno.readTextFile(VECTORS));
}
