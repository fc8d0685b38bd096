import { isLoss, isUnsent } from "./_losses.ts";

/** So many numbers of calls belong to each process. */
export const NUMBERS_EACH = 1e9;

/** How a call may be counted. */
export interface CallTerms {
  /** How reports call it. */
  readonly kind: string;
  /** Whether it may run twice. */
  readonly isIdempotent?: boolean;
}

/** Where the sides of a numbered call say what becomes of it. */
export interface Books {
  /** The call of that number runs. Returns the number. */
  run(n: number): number;
  /** Makes a call, which must be answered with its own number. Never rejects. */
  call(
    terms: CallTerms,
    make: (n: number) => Promise<unknown>,
  ): Promise<boolean>;
}

/** What is put into books. `trouble` is what must not be. */
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
    /** The error's name. */
    readonly name: string;
    /** Whether the error says that it cannot have run. */
    readonly isUnsent: boolean;
    readonly trouble: string | null;
  };

/** Makes call `n`, and enters all that its caller learns. Never rejects. */
export async function callByBooks(
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
