import { judge, type Summary, type Target, type Verdict } from "./_pairs.ts";

/** Something that was measured, and what it shall be. */
export interface Check {
  readonly what: string;
  /** Of all three numbers. */
  readonly unit: string;
  readonly found: Summary;
  /** What noise alone can do, give or take. */
  readonly noise: number;
  /** `null` for whatever it is. */
  readonly target: Target | null;
  /** `null` where there is no target. */
  readonly verdict: Verdict | null;
}

/** What a check is made of that judges its own numbers. */
export type Measured = Omit<Check, "verdict">;

/** Judges. */
export function checked(measured: Measured): Check {
  const { found, target, noise } = measured;
  return {
    ...measured,
    verdict: target && judge(found.median, target, noise),
  };
}
