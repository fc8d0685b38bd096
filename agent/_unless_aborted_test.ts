import { assertEquals, assertRejects } from "@std/assert";
import { WatchedSignal } from "./fixtures/watched_signal.ts";
import { unlessAborted } from "./_unless_aborted.ts";

Deno.test("unlessAborted settles as its work does, and listens no longer", async () => {
  const watched = new WatchedSignal();
  const { signal } = watched;
  const error = new Error("of the work");
  await unlessAborted(undefined, undefined);
  await unlessAborted(undefined, signal);
  await unlessAborted(Promise.resolve(), signal);
  const failed = await unlessAborted(Promise.reject(error), signal).catch(
    (it) => it,
  );
  assertEquals(failed === error, true);
  assertEquals([watched.added, watched.listening], [3, 0]);
});

Deno.test("unlessAborted rejects with the signal's reason, before or while it waits", async () => {
  const reason = new Error("enough");
  for (const isBefore of [true, false]) {
    const watched = new WatchedSignal();
    const never = Promise.withResolvers<void>();
    if (isBefore) watched.abort(reason);
    const waiting = unlessAborted(never.promise, watched.signal);
    if (!isBefore) watched.abort(reason);
    await assertRejects(() => waiting, Error, "enough");
    assertEquals(watched.listening, 0);
    // Heard, though it comes too late: else the test would fail.
    never.reject(new Error("too late"));
  }
});
