import { assertEquals, assertThrows } from "@std/assert";
import { QueueFullError } from "../../channel/errors.ts";
import { DEFAULT_LIMITS } from "../../channel/limits/limits.ts";
import type { ConnectionChannel } from "../../channel/internal.ts";
import { isCrowded, Shares } from "./_shares.ts";

/**
 * Calls each target as often as allowed; returns the number of calls of each.
 */
function fill(limit: number, targets: readonly string[]) {
  const shares = new Shares();
  const requests = { ...DEFAULT_LIMITS.requests, maxPending: limit };
  const channel = { calls: { size: 0 }, limits: { requests } };
  const context = channel as unknown as ConnectionChannel;
  const ends: (() => void)[] = [];
  const call = (target: string) => {
    const end = isCrowded(context) ? shares.take(context, target) : null;
    if (channel.calls.size === limit) return false;
    channel.calls.size++;
    if (end !== null) ends.push(end);
    return true;
  };
  const counts = targets.map((target) => {
    let count = 0;
    try {
      while (call(target)) count++;
    } catch (error) {
      if (!(error instanceof QueueFullError)) throw error;
    }
    return count;
  });
  return { counts, ends, call, channel };
}

Deno.test("Shares leaves room for each new target", () => {
  const targets = ["a", "b", "c", "d", "e", "f", "g"];
  assertEquals(fill(64, targets).counts, [48, 8, 4, 2, 1, 1, 0]);
});

Deno.test("Shares forgets calls that have ended", () => {
  const { ends, call, channel } = fill(64, ["a", "b", "c"]);
  assertThrows(() => call("a"), QueueFullError);
  for (const end of ends) end();
  channel.calls.size = 40;
  assertEquals(call("a"), true);
});
