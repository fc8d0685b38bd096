import { assert, assertEquals, assertRejects } from "@std/assert";
import { QueueFullError } from "../../channel/errors.ts";
import type { Session } from "../session/_session.ts";
import { WaitingCalls, type WaitTerms } from "./_waiting_calls.ts";

const link = {} as Session;

function terms(signal?: AbortSignal): WaitTerms {
  return {
    timeMs: Infinity,
    signal,
    lateError: () => new Error("late"),
    closedError: () => new Error("closed"),
  };
}

Deno.test("WaitingCalls lets as many wait with one signal as it may, in little time", async () => {
  const most = 32_000;
  const { signal } = new AbortController();
  const calls = new WaitingCalls(most, {});
  const began = performance.now();
  const waiting = Array.from({ length: most }, () => calls.wait(terms(signal)));
  await assertRejects(() => calls.wait(terms(signal)), QueueFullError);
  calls.resolveAll(link);
  await Promise.all(waiting);
  // A listener for each call takes more than ten times as long.
  assert(performance.now() - began < 5_000);
  assertEquals(calls.size, 0);
});

Deno.test("WaitingCalls rejects all that wait with a signal, and no others", async () => {
  const controller = new AbortController();
  const calls = new WaitingCalls(10, {});
  const given = [1, 2].map(() => calls.wait(terms(controller.signal)));
  const other = calls.wait(terms(new AbortController().signal));
  const reason = new Error("enough");
  controller.abort(reason);
  for (const call of given) {
    assertEquals(await call.catch((error) => error), reason);
  }
  assertEquals(calls.size, 1);
  calls.resolveAll(link);
  assertEquals(await other, link);
});
