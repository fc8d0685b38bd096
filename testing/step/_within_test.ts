import { assertEquals } from "@std/assert";
import { settledWithin } from "./_within.ts";
import { never } from "../fixtures/handlers.ts";

Deno.test("settledWithin tells how the work ended, or that it has not", async () => {
  const error = new Error("boom");
  assertEquals(await settledWithin(Promise.resolve(1), 1_000), {
    status: "fulfilled",
    value: 1,
  });
  assertEquals(await settledWithin(Promise.reject(error), 1_000), {
    status: "rejected",
    reason: error,
  });
  assertEquals(await settledWithin(never(), 1), null);
});

Deno.test("settledWithin waits for ever if it may, without a timer that overflows", async () => {
  for (const timeMs of [Infinity, 2 ** 31]) {
    const { promise, resolve } = Promise.withResolvers<string>();
    const settled = settledWithin(promise, timeMs);
    // A timer that overflowed would fire first.
    setTimeout(() => resolve("done"), 5);
    assertEquals(await settled, { status: "fulfilled", value: "done" });
  }
});

Deno.test("settledWithin takes care of a rejection that comes too late", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  assertEquals(await settledWithin(promise, 1), null);
  reject(new Error("would end this file"));
  await new Promise((resolve) => setImmediate(resolve));
});
