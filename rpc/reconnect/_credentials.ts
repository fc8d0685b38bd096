import { isThenable } from "../../channel/internal.ts";

/** The user's function for `credentials` failed; a later attempt may succeed. */
export class OwnCredentialsError extends Error {
  override readonly name = "OwnCredentialsError";
}

/** Wraps `credentials`, so that they fail with an {@linkcode OwnCredentialsError}. */
export function markFailures(credentials: unknown): unknown {
  if (typeof credentials !== "function") return credentials;
  return () => {
    try {
      const shown: unknown = credentials();
      return isThenable(shown) ? Promise.resolve(shown).catch(fail) : shown;
    } catch (error) {
      return fail(error);
    }
  };
}

function fail(cause: unknown): never {
  throw new OwnCredentialsError("Cannot show 'credentials'", { cause });
}
