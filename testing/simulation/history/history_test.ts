import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { History, LinearizabilityError } from "./history.ts";
import { keyValue, mutex, register } from "./models.ts";

/** Returns a clock that advances by one millisecond at each reading. */
function ticking(): () => number {
  let now = 0;
  return () => now++;
}

Deno.test("History records begins and ends in their order", async () => {
  const history = new History(register<number>(), { now: ticking() });
  const write = Promise.withResolvers<void>();
  const writing = history.record("a", "write", 3, () => write.promise);
  assertEquals(
    await history.record("b", "read", undefined, () => Promise.resolve(null)),
    null,
  );
  write.resolve();
  await writing;
  const [a, b] = [{ client: "a" }, { client: "b" }];
  assertEquals(history.events, [
    { kind: "invoke", ...a, name: "write", input: 3, id: 1, atMs: 0 },
    { kind: "invoke", ...b, name: "read", input: undefined, id: 2, atMs: 1 },
    { kind: "return", id: 2, atMs: 2, output: null },
    { kind: "return", id: 1, atMs: 3, output: undefined },
  ]);
  history.assertLinearizable();
});

Deno.test("History lets what failed take effect at any later time", async () => {
  const history = new History(register<number>());
  await assertRejects(
    () =>
      history.record("a", "write", 3, () => Promise.reject(new Error("lost"))),
    Error,
    "lost",
  );
  for (const value of [null, 3, 3]) {
    await history.record(
      ...["b", "read", undefined] as const,
      () => Promise.resolve(value),
    );
  }
  history.assertLinearizable();
});

Deno.test("History leaves out what has certainly had no effect", async () => {
  const history = new History(register<number>(), {
    hadNoEffect: (error) => error instanceof RangeError,
  });
  const refuse = () => Promise.reject(new RangeError("too large"));
  await assertRejects(() => history.record("a", "write", 3, refuse));
  await history.record("b", "read", undefined, () => Promise.resolve(3));
  const error = assertThrows(
    () => history.assertLinearizable(),
    LinearizabilityError,
    "read() by b",
  );
  assertEquals(error.verdict.result, "not linearizable");
});

Deno.test("History counts an operation that never settles as running", async () => {
  const history = new History(mutex());
  history.record("a", "acquire", undefined, () => new Promise(() => {}));
  await history.record(
    "b",
    "tryAcquire",
    undefined,
    () => Promise.resolve(false),
  );
  history.assertLinearizable();
  await history.record("b", "acquire", undefined, () => Promise.resolve());
  assertThrows(() => history.assertLinearizable(), LinearizabilityError);
});

Deno.test("History.assertLinearizable fails where it cannot decide", async () => {
  const history = new History(keyValue<number>());
  await history.record(
    "a",
    "set",
    { key: "x", value: 1 },
    () => Promise.resolve(),
  );
  assertThrows(
    () => history.assertLinearizable({ maxSteps: 0 }),
    LinearizabilityError,
    "Cannot decide",
  );
});
