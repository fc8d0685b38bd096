import type { Check } from "./_check.ts";
import type { Figure, Footprint, LeftOut } from "./_figures.ts";

/** All that a run finds out; written by `--json`. */
export interface Results {
  /** What it was taken with. */
  readonly machine: string;
  /** What the peers are, with their versions, by name. */
  readonly peers: Readonly<Record<string, string>>;
  /** What was typed. */
  readonly command: string;
  /** Whether clients and servers had a core each. */
  readonly isPinned: boolean;
  readonly checks: readonly Check[];
  readonly figures: readonly Figure[];
  readonly footprints: readonly Footprint[];
  readonly leftOut: readonly LeftOut[];
}
