import { assertEquals, assertIsError } from "@std/assert";
import { runCase } from "../fixtures/fake_runner.ts";
import { StepScope } from "./_step_scope.ts";

Deno.test("StepScope knows its own code, in timers and continuations too", async () => {
  const [one, other] = [new StepScope(), new StepScope()];
  const seen: boolean[] = [];
  const look = () => void seen.push(one.isCurrent, other.isCurrent);
  await one.run(async () => {
    look();
    await new Promise((resolve) => setImmediate(resolve));
    look();
  });
  look();
  assertEquals(seen, [true, false, true, false, false, false]);
});

Deno.test("StepScope leaves to others a rejection of a test that is over", async () => {
  const gate = Promise.withResolvers<void>();
  await runCase(() => {
    gate.promise.then(() => {
      throw new Error("of the first test");
    });
  });
  // No code would ever take the rejection from there. Without this listener it
  // ends the file, as intended.
  const left: unknown[] = [];
  const listener = (event: PromiseRejectionEvent) => {
    if (!event.defaultPrevented) left.push(event.reason);
    event.preventDefault();
  };
  const { steps } = await runCase((ctx) => {
    globalThis.addEventListener("unhandledrejection", listener);
    ctx.use({
      [Symbol.dispose]: () =>
        globalThis.removeEventListener("unhandledrejection", listener),
    });
    gate.resolve();
  });
  assertEquals(steps[0]!.error, null);
  assertEquals(left.length, 1);
  assertIsError(left[0], Error, "of the first test");
});
