import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { StepEndedError, StepError } from "../errors.ts";
import { never } from "../fixtures/handlers.ts";
import { ResourceScope } from "./_resource_scope.ts";
import { settledWithin } from "./settled_within.ts";

function makeScope(closeMs?: number): ResourceScope {
  const options = { step: "memory", keep: () => {} };
  return new ResourceScope({
    ...options,
    ...(closeMs !== undefined && { closeMs }),
  });
}

Deno.test("ResourceScope.close closes resources in reverse order, each after the other", async () => {
  const events: string[] = [];
  const scope = makeScope();
  for (const what of ["first", "second"]) {
    scope.defer(what, async () => {
      events.push(`${what} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${what} ends`);
    });
  }
  assertEquals(await scope.close(), []);
  assertEquals(events, [
    "second begins",
    "second ends",
    "first begins",
    "first ends",
  ]);
});

Deno.test("ResourceScope.close goes on after clean-ups that throw, reject or hang, and returns what went wrong", async () => {
  const scope = makeScope(20);
  const boom = new Error("boom");
  let last = false;
  scope.defer("last", () => void (last = true));
  scope.defer("thrower", () => {
    throw boom;
  });
  scope.defer("rejecter", () => Promise.reject(boom));
  scope.defer("hanger", never);
  const errors = await scope.close();
  for (const error of errors) assertInstanceOf(error, StepError);
  assertEquals(errors.map(({ message, cause }) => ({ message, cause })), [
    {
      message: "Cannot clean up hanger: it was not done within 20 ms",
      cause: undefined,
    },
    { message: "Cannot clean up rejecter: it threw", cause: boom },
    { message: "Cannot clean up thrower: it threw", cause: boom },
  ]);
  assertEquals(last, true);
});

Deno.test("ResourceScope.close runs what a clean-up adds while it runs", async () => {
  const scope = makeScope();
  let added = false;
  scope.defer("first", () => scope.defer("late", () => void (added = true)));
  await scope.close();
  assertEquals(added, true);
});

Deno.test("ResourceScope.acquire closes what opens after the end of the step", async () => {
  const scope = makeScope();
  const opened = Promise.withResolvers<object>();
  let isClosed = false;
  const acquired = scope.acquire("late", () => opened.promise, () => {
    isClosed = true;
    return Promise.resolve();
  });
  scope.end();
  const closing = scope.close();
  opened.resolve({});
  await assertRejects(() => acquired, StepEndedError, "late");
  assertEquals([await closing, isClosed], [[], true]);
  await assertRejects(
    () => scope.acquire("too late", () => opened.promise, never),
    StepEndedError,
    "too late",
  );
});

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
    // A timer whose delay overflowed would fire first.
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
