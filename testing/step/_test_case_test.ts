import {
  assertEquals,
  assertInstanceOf,
  assertIsError,
  assertRejects,
} from "@std/assert";
import { startServer } from "../../channel/deno.ts";
import { StepError, StepTimeoutError } from "../errors.ts";
import { runCase } from "../fixtures/fake_runner.ts";
import { echo, never } from "../fixtures/handlers.ts";
import { planSteps } from "./_plan.ts";

Deno.test("runTestCase runs the body on each transport, in a new world", async () => {
  const addresses: string[] = [];
  const { steps, printed } = await runCase(async (ctx) => {
    const { address } = await ctx.startServer(echo);
    addresses.push(`${ctx.transport} ${address.split("://")[0]}`);
  }, { steps: planSteps() });
  assertEquals(addresses, ["tcp tcp", "unix ipc", "memory local"]);
  assertEquals(steps.map(({ error }) => error), [null, null, null]);
  assertEquals(printed, []);
});

Deno.test("runTestCase fails the step that leaked, and no other", async () => {
  const { steps } = await runCase(async (ctx) => {
    const server = await startServer(ctx.address, echo);
    if (ctx.transport !== "tcp") await server.close();
  }, { steps: planSteps() });
  const failed = steps.filter(({ error }) => error !== null);
  assertEquals(failed.map(({ name }) => name), ["tcp"]);
});

Deno.test("runTestCase prints the messages of a failed step alone", async () => {
  const { printed } = await runCase(async (ctx) => {
    const channel = await ctx.startServerAndConnect(echo);
    await channel.send(`on ${ctx.transport}`);
    if (ctx.transport === "memory") throw new Error("of the body");
  }, { steps: planSteps({ transports: ["tcp", "memory"] }) });
  assertEquals(printed, [
    `The last messages (2):
client ──▶ server request  0 "on memory"
client ◀── server result   0 "on memory"`,
  ]);
});

Deno.test("runTestCase skips the steps after a body that does not end, and says why", async () => {
  const { steps } = await runCase(never, {
    steps: planSteps({ transports: ["tcp", "memory"] }),
    timeoutMs: 10,
  });
  const [first, second] = steps;
  assertInstanceOf(first?.error, StepTimeoutError);
  assertEquals(second, {
    name: "memory (skipped: the body of 'tcp' has not ended)",
    ignored: true,
    error: null,
  });
});

Deno.test("runTestCase runs the steps after a body that ends when it is told to", async () => {
  const { steps } = await runCase(
    async (ctx) =>
      await new Promise((_, reject) => {
        ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
      }),
    { steps: planSteps({ transports: ["tcp", "memory"] }), timeoutMs: 10 },
  );
  for (const { error } of steps) assertInstanceOf(error, StepTimeoutError);
});

Deno.test("runTestCase ignores with its reason a step that cannot run here", async () => {
  const { steps } = await runCase(() => {}, {
    steps: planSteps({ transports: ["unix"] }, "windows"),
  });
  assertEquals(steps, [{
    name: "unix (Deno has no Unix sockets on Windows)",
    ignored: true,
    error: null,
  }]);
});

Deno.test("runTestCase throws a rejection that came after its step", async () => {
  const gate = Promise.withResolvers<void>();
  const error = await assertRejects(
    () =>
      runCase((ctx) => {
        if (ctx.transport === "memory") return gate.resolve();
        gate.promise.then(() => {
          throw new Error("late");
        });
      }, { steps: planSteps({ transports: ["tcp", "memory"] }) }),
    StepError,
    "step 'tcp'",
  );
  assertIsError(error.cause, Error, "late");
});
