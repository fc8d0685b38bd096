import { ConnectionClosedError } from "../../channel/errors.ts";
import type { Party } from "./_party.ts";

/**
 * Calls `act` for all parties at once. Parties whose process has ended are
 * removed from `parties`, and so not asked again.
 */
export async function askAll<P extends Pick<Party, "isRemote">, T>(
  parties: Set<P>,
  act: (party: P) => T | Promise<T>,
): Promise<T[]> {
  const acts = Array.from(parties, async (party) => {
    try {
      return [await act(party)];
    } catch (error) {
      const isGone = party.isRemote && error instanceof ConnectionClosedError;
      if (!isGone) throw error;
      parties.delete(party);
      return [];
    }
  });
  return (await Promise.all(acts)).flat();
}
