import { assertEquals, assertRejects } from "@std/assert";
import { abortable } from "./_waits.ts";

Deno.test("abortable resolves to what the promise does", async () => {
  const { signal } = new AbortController();
  assertEquals(await abortable(Promise.resolve(1), signal), 1);
  assertEquals(await abortable(Promise.resolve(2), undefined), 2);
});

Deno.test("abortable rejects with the signal's reason, before or meanwhile", async () => {
  const never = new Promise<void>(() => {});
  const aborted = AbortSignal.abort(new RangeError("enough"));
  await assertRejects(() => abortable(never, aborted), RangeError);
  const controller = new AbortController();
  const waiting = abortable(never, controller.signal);
  controller.abort(new RangeError("enough"));
  await assertRejects(() => waiting, RangeError, "enough");
});
