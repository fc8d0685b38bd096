import { assertEquals, assertInstanceOf } from "@std/assert";
import { CleanUp } from "./_clean_up.ts";
import { StepError } from "../errors.ts";
import { never } from "../fixtures/handlers.ts";

Deno.test("CleanUp runs its pieces in reverse order, each after the other", async () => {
  const events: string[] = [];
  const cleanUp = new CleanUp();
  for (const what of ["first", "second"]) {
    cleanUp.add(what, async () => {
      events.push(`${what} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      events.push(`${what} ends`);
    });
  }
  assertEquals(await cleanUp.run(), []);
  assertEquals(events, [
    "second begins",
    "second ends",
    "first begins",
    "first ends",
  ]);
});

Deno.test("CleanUp goes on after pieces that throw, reject or hang, and returns what went wrong", async () => {
  const cleanUp = new CleanUp(20);
  const boom = new Error("boom");
  let last = false;
  cleanUp.add("last", () => void (last = true));
  cleanUp.add("thrower", () => {
    throw boom;
  });
  cleanUp.add("rejecter", () => Promise.reject(boom));
  cleanUp.add("hanger", never);
  const errors = await cleanUp.run();
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

Deno.test("CleanUp runs what a piece adds while it runs", async () => {
  const cleanUp = new CleanUp();
  let added = false;
  cleanUp.add("first", () => cleanUp.add("late", () => void (added = true)));
  await cleanUp.run();
  assertEquals(added, true);
});
