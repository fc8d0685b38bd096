import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { service } from "../../rpc/service/service.ts";
import { Topic } from "../../rpc/topics/mod.ts";
import type { Ctx } from "../ctx_contract.ts";
import { LeakError, StepTimeoutError } from "../errors.ts";
import { failureOf, runCase } from "../fixtures/fake_runner.ts";
import { Awaits } from "../ledger/_awaits.ts";
import { planSteps } from "../step/_plan.ts";

// User code that the package has not started.

const later = (timeMs: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, timeMs));
const ignore = () => {};
const never = () => new Promise<never>(() => {});

const GUILTY: Record<string, {
  readonly body: (ctx: Ctx) => Promise<void>;
  readonly what: RegExp;
}> = {
  "an async function that waits for ever": {
    async body() {
      async function loop() {
        for (;;) await never();
      }
      void loop();
      await later(1);
    },
    what:
      /async function that waits\n.*at loop \(.*awaits_test\.ts:\d+:\d+\)$/m,
  },
  "a loop that nobody ends": {
    async body() {
      async function* items() {
        yield 1;
        await never();
      }
      void (async () => {
        for await (const _ of items());
      })();
      await later(1);
    },
    what:
      /async function that waits\n.*at items \(.*awaits_test\.ts:\d+:\d+\)$/m,
  },
  "a listener on globalThis": {
    async body() {
      globalThis.addEventListener("unload", ignore);
      await later(1);
    },
    what: /listener of 'unload' on 'globalThis'/,
  },
  "a subscription to a topic": {
    async body() {
      const topic = new Topic<number>();
      const news = topic.subscribe();
      await topic.publish(1);
      await news.next();
    },
    what: /subscription \(to a topic\)\n.*awaits_test\.ts:\d+:\d+/m,
  },
};

for (const [name, { body, what }] of Object.entries(GUILTY)) {
  Deno.test(`withCtx fails a step that leaves ${name}`, async () => {
    const failure = await failureOf(body);
    assertInstanceOf(failure, LeakError);
    assertMatch(failure.message, what);
    globalThis.removeEventListener("unload", ignore);
  });
}

Deno.test("withCtx tells at which await a body hangs", async () => {
  const failure = await failureOf(async () => await never(), { timeoutMs: 50 });
  assertInstanceOf(failure, StepTimeoutError);
  assertMatch(
    failure.message,
    /async function that waits\n.*awaits_test\.ts:\d+:\d+/,
  );
});

const INNOCENT: Record<string, (ctx: Ctx) => Promise<void>> = {
  async "promises that nobody waits for"() {
    const { promise } = Promise.withResolvers<void>();
    await Promise.race([promise, never(), later(1)]);
  },
  async "async functions that end a moment later"() {
    void (async () => await later(30))();
    await later(1);
  },
  async "a generator that was not read to its end"() {
    async function* items() {
      yield 1;
      yield 2;
    }
    await items().next();
  },
  async "subscriptions that have ended"(ctx) {
    const topic = new Topic<number>();
    const hall = service({ news: () => topic.subscribe() });
    const { remote } = await ctx.rpc.startServerAndConnect(hall);
    const news = await remote.news();
    const next = news.next();
    while (topic.subscribers.length === 0) await later(1);
    await topic.publish(1);
    await next;
    await news.return?.();
    using closed = new Topic<number>();
    closed.subscribe();
  },
};

for (const [name, body] of Object.entries(INNOCENT)) {
  Deno.test(`withCtx passes a step with ${name}`, async () => {
    const { steps } = await runCase(body, { steps: planSteps() });
    assertEquals(steps.map(({ error }) => error), [null, null, null]);
  });
}

async function stuck(until: Promise<void>): Promise<void> {
  await until;
}

Deno.test("Awaits names the lines at which functions wait, until they go on", async () => {
  using awaits = new Awaits(() => true);
  const { promise, resolve } = Promise.withResolvers<void>();
  const waiting = stuck(promise);
  const [line, ...others] = awaits.lines();
  assertMatch(line!, /at stuck \(.*awaits_test\.ts:\d+:\d+\)$/);
  assertEquals(others, []);
  resolve();
  await waiting;
  assertEquals(awaits.lines(), []);
});

Deno.test("Awaits follows only the code that is asked for", () => {
  using awaits = new Awaits(() => false);
  const { promise, resolve } = Promise.withResolvers<void>();
  void stuck(promise);
  assertEquals(awaits.lines(), []);
  resolve();
});

Deno.test("Awaits forgets all when there are too many", async () => {
  using awaits = new Awaits(() => true, 2);
  const { promise, resolve } = Promise.withResolvers<void>();
  const all = [stuck(promise), stuck(promise)];
  assertEquals(awaits.lines().length, 2);
  all.push(stuck(promise));
  assertEquals(awaits.lines(), []);
  resolve();
  await Promise.all(all);
});
