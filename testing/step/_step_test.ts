import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertIsError,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { openConnection, startServer } from "../../channel/deno.ts";
import { observed } from "../../transports/internal.ts";
import type { Ctx } from "../ctx_contract.ts";
import {
  LeakError,
  StepEndedError,
  StepError,
  StepTimeoutError,
} from "../errors.ts";
import { failureOf, runCase, SITE } from "../fixtures/fake_runner.ts";
import { echo, ignoreAll, never, throwBoom } from "../fixtures/handlers.ts";
import { MISBEHAVING } from "../fixtures/misbehaving.ts";

async function leakOf(body: (ctx: Ctx) => Promise<void>): Promise<LeakError> {
  const failure = await failureOf(body);
  assertInstanceOf(failure, LeakError);
  assertEquals(failure.leaks.length, 1);
  return failure;
}

Deno.test("runStep passes a body that leaves nothing behind", async () => {
  const failure = await failureOf(async (ctx) => {
    const channel = await ctx.startServerAndConnect(echo);
    await channel.send("hi");
  });
  assertEquals(failure, null);
  assertEquals(observed.by, null);
});

Deno.test("runStep describes messages of a step only if that fails", async () => {
  let described = 0;
  const content = {
    [Symbol.for("Deno.customInspect")]: () => String(++described),
  };
  const talk = async (ctx: Ctx) => {
    const channel = await ctx.startServerAndConnect(echo);
    await channel.send(content);
  };
  assertEquals(await failureOf(talk), null);
  assertEquals(described, 0);
  await failureOf(async (ctx) => {
    await talk(ctx);
    throw new Error("of the body");
  });
  assert(described > 0);
});

Deno.test("runStep throws the body's own error unchanged", async () => {
  const error = new Error("of the body");
  assertEquals(await failureOf(() => Promise.reject(error)), error);
  const thrown = await failureOf(() => {
    throw error;
  });
  assertEquals(thrown, error);
});

Deno.test("runStep blames a channel opened by hand, and closes it", async () => {
  let closed: Promise<unknown> = Promise.resolve();
  const { leaks: [leak], message } = await leakOf(async (ctx) => {
    const server = await ctx.startServer(echo);
    const channel = await openConnection(server.address, ctx.options);
    closed = channel.closed;
  });
  assertMatch(
    leak!,
    /^channel \(local:\S+ to local:\S+\), with 1 connection\n/,
  );
  assertStringIncludes(message, "step 'memory'");
  assertStringIncludes(message, SITE);
  assertStringIncludes(message, "DENOMAS_TRACE");
  await closed;
});

Deno.test("runStep blames a server started by hand, and frees its address", async () => {
  let address = "";
  const { leaks: [leak] } = await leakOf(async (ctx) => {
    ({ address } = await startServer(ctx.address, echo));
  });
  assertStringIncludes(leak!, `server (${address}), with 1 listener`);
  await (await startServer(address, echo)).close();
});

Deno.test("runStep takes what was given to use for no leak, and closes it", async () => {
  let closed: Promise<unknown> = Promise.resolve();
  const failure = await failureOf(async (ctx) => {
    const server = ctx.use(await startServer(ctx.address, echo, ctx.options));
    const channel = ctx.use(await openConnection(server.address, ctx.options));
    await channel.send("hi");
    closed = Promise.all([server.closed, channel.closed]);
  });
  assertEquals(failure, null);
  await closed;
});

Deno.test("runStep blames a call that the body did not await, and only it", async () => {
  const { leaks: [leak] } = await leakOf(async (ctx) => {
    const channel = await ctx.startServerAndConnect(ignoreAll);
    channel.send("unanswered");
  });
  assertStringIncludes(leak!, `pending call 0 "unanswered" of channel`);
});

Deno.test("runStep blames a handler that outlives its server", async () => {
  const { leaks: [leak], message } = await leakOf(async (ctx) => {
    await ctx.startServerAndConnect(never);
  });
  assertMatch(leak!, /^handler \(.+\) of channel \(.+\) of server \(.+\)$/m);
  assertStringIncludes(message, "Left after clean-up");
});

Deno.test("runStep fails by what a handler threw, unless the test takes it", async () => {
  const provoke = async (ctx: Ctx) => {
    const channel = await ctx.startServerAndConnect(throwBoom);
    await assertRejects(() => channel.send("hi"), ConnectionClosedError);
  };
  const failure = await failureOf(provoke);
  assertInstanceOf(failure, StepError);
  assertIsError(failure.cause, Error, "boom");

  const taken: unknown[] = [];
  const none = await failureOf(async (ctx) => {
    await provoke(ctx);
    taken.push(...ctx.takeHandlerErrors());
    assertEquals(ctx.takeHandlerErrors(), []);
  });
  assertEquals(none, null);
  assertEquals(taken.length, 1);
  assertIsError(taken[0], Error, "boom");
});

Deno.test("runStep fails by the handler of a server by hand with ctx.options", async () => {
  const failure = await failureOf(async (ctx) => {
    const server = ctx.use(
      await startServer(ctx.address, throwBoom, ctx.options),
    );
    const channel = ctx.use(await openConnection(server.address, ctx.options));
    await assertRejects(() => channel.send("hi"), ConnectionClosedError);
  });
  assertInstanceOf(failure, StepError);
  assertIsError(failure.cause, Error, "boom");
});

Deno.test("runStep fails by a rejection that nobody awaits, from timers too", async () => {
  const failure = await failureOf(async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    setTimeout(() => {
      Promise.reject(new Error("nobody waits"));
      resolve();
    }, 1);
    await promise;
  });
  assertInstanceOf(failure, StepError);
  assertIsError(failure.cause, Error, "nobody waits");
});

Deno.test("runStep reports all errors beside the body's, the body's first", async () => {
  const error = new Error("of the body");
  const failure = await failureOf(async (ctx) => {
    ctx.use({
      [Symbol.dispose]() {
        throw new Error("of the clean-up");
      },
    });
    await startServer(ctx.address, echo);
    Promise.reject(new Error("nobody waits"));
    throw error;
  });
  assertInstanceOf(failure, AggregateError);
  assertStringIncludes(failure.message, "4 errors");
  const [own, cleanUp, leak, rejection] = failure.errors;
  assertEquals(own, error);
  assertIsError(cleanUp.cause, Error, "of the clean-up");
  assertInstanceOf(leak, LeakError);
  assertIsError(rejection.cause, Error, "nobody waits");
});

Deno.test("runStep cleans up in reverse order", async () => {
  const order: string[] = [];
  await failureOf((ctx) => {
    for (const name of ["first", "second"]) {
      ctx.use({ [Symbol.dispose]: () => void order.push(name) });
    }
  });
  assertEquals(order, ["second", "first"]);
});

Deno.test("runStep ends a body whose time is up: it names what is open, and ends ctx", async () => {
  const seen: unknown[] = [];
  const failure = await failureOf(async (ctx) => {
    const channel = await ctx.startServerAndConnect(ignoreAll);
    await assertRejects(
      () => channel.send("unanswered"),
      ConnectionClosedError,
    );
    seen.push(ctx.signal.reason);
    await assertRejects(() => ctx.startServer(echo), StepEndedError);
    await assertRejects(() => ctx.connect(), StepEndedError);
    await assertRejects(() => ctx.closeServer(), StepEndedError);
    for (const act of [() => ctx.address, () => ctx.takeHandlerErrors()]) {
      await assertRejects(async () => await act(), StepEndedError);
    }
    seen.push("the end");
  }, { timeoutMs: 300 });
  assertInstanceOf(failure, StepTimeoutError);
  assertEquals(failure.timeoutMs, 300);
  assertStringIncludes(failure.message, "server (local://");
  assertStringIncludes(failure.message, `pending call 0 "unanswered"`);
  assertStringIncludes(failure.message, "unanswered requests at channel");
  assertEquals(seen, [failure, "the end"]);
});

Deno.test("runStep takes it as no second failure when all end by ctx.signal", async () => {
  const failure = await failureOf(async (ctx) => {
    const { promise, reject } = Promise.withResolvers<void>();
    ctx.signal.addEventListener("abort", () => reject(ctx.signal.reason));
    await ctx.startServerAndConnect(() => promise);
    ctx.signal.addEventListener("abort", () => {
      Promise.reject(ctx.signal.reason);
    });
    await promise;
  }, { timeoutMs: 20 });
  assertInstanceOf(failure, StepTimeoutError);
});

Deno.test("runStep closes what was still being opened when the body ended", async () => {
  const late = Promise.withResolvers<unknown>();
  const failure = await failureOf(async (ctx) => {
    await ctx.startServer(echo);
    ctx.connect().catch(late.resolve);
  });
  // It is gone at the end, but that it was open shows that it was not awaited.
  assertInstanceOf(failure, LeakError);
  assertEquals(failure.message.includes("Left after clean-up"), false);
  assertInstanceOf(await late.promise, StepEndedError);
});

Deno.test("runStep gives up what goes on trying to open when the body ended", async () => {
  const late = Promise.withResolvers<unknown>();
  const failure = await failureOf(async (ctx) => {
    await ctx.startServer(echo);
    await ctx.closeServer();
    ctx.connect({ retryForMs: Infinity }).catch(late.resolve);
  });
  assertInstanceOf(failure, LeakError);
  assertInstanceOf(await late.promise, StepEndedError);
});

Deno.test("runStep reports where it was made if traced", async () => {
  const failure = await failureOf(async (ctx) => {
    await startServer(ctx.address, echo);
  }, { trace: true });
  assertInstanceOf(failure, LeakError);
  assertStringIncludes(failure.leaks[0]!, "server.ts");
  assertEquals(failure.message.includes("DENOMAS_TRACE"), false);
});

for (const { name, run, fails } of MISBEHAVING) {
  // There are separate tests for bodies and disposers that never settle.
  if (name === "never settles") continue;
  Deno.test(`runStep outlives a body that ${name}`, async () => {
    const { steps: [step] } = await runCase(run as () => Promise<void>);
    // Thrown values are kept unchanged, even `null`.
    if (name !== "throws null") assertEquals(step!.error !== null, fails);
  });

  Deno.test(`runStep outlives a disposer that ${name}`, async () => {
    let isEnded = false;
    const failure = await failureOf((ctx) => {
      ctx.use({ [Symbol.dispose]: () => void (isEnded = true) });
      ctx.use({ [Symbol.asyncDispose]: run as () => Promise<void> });
    });
    assertEquals(failure !== null, fails);
    assertEquals(isEnded, true);
  });
}
