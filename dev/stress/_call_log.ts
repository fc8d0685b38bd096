import { isLoss, isUnsent } from "./_checks.ts";

/** The number of call numbers that are reserved for each process. */
export const NUMBERS_EACH = 1e9;

/** The kind of a call, and how often it may run. */
export interface CallTerms {
  /** The name in reports. */
  readonly kind: string;
  /** Whether it may run twice. */
  readonly isIdempotent?: boolean;
}

/** Logs both sides of numbered calls. */
export interface CallLog {
  /** Logs that call `n` runs, and returns its number. */
  run(n: number): number;
  /** Makes a call that must return its own number. Never rejects. */
  call(
    terms: CallTerms,
    make: (n: number) => Promise<unknown>,
  ): Promise<boolean>;
}

/** An entry of a log. `trouble` is a broken guarantee. */
export type Entry =
  | { readonly is: "run"; readonly n: number }
  | { readonly is: "made"; readonly n: number; readonly terms: CallTerms }
  | {
    readonly is: "answered";
    readonly n: number;
    readonly trouble: string | null;
  }
  | {
    readonly is: "failed";
    readonly n: number;
    readonly name: string;
    /** Whether the error implies that the call did not run. */
    readonly isUnsent: boolean;
    readonly trouble: string | null;
  };

/** Makes call `n` and logs its outcome. Never rejects. */
export async function logCall(
  n: number,
  terms: CallTerms,
  make: (n: number) => Promise<unknown>,
  enter: (entry: Entry) => void,
): Promise<boolean> {
  enter({ is: "made", n, terms });
  try {
    enter({ is: "answered", n, trouble: troubleOfReply(n, await make(n)) });
    return true;
  } catch (error) {
    enter({
      is: "failed",
      n,
      name: error instanceof Error ? error.name : typeof error,
      isUnsent: isUnsent(error),
      trouble: isLoss(error) ? null : `failed with ${Deno.inspect(error)}`,
    });
    return false;
  }
}

function troubleOfReply(n: number, reply: unknown): string | null {
  return reply === n ? null : `was answered with ${JSON.stringify(reply)}`;
}
