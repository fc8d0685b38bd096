import { assertEquals, assertRejects } from "@std/assert";
import { openConnection, startServer } from "../../rpc/deno.ts";
import { service } from "../../rpc/service/service.ts";
import { withCtx } from "../../testing/ctx.ts";
import { settleInProcess } from "./settle.ts";

Deno.test("settleInProcess waits for work that awaits promises, however many", async () => {
  let steps = 0;
  const work = (async () => {
    while (steps < 10_000) {
      await Promise.resolve();
      steps++;
    }
  })();
  await settleInProcess();
  assertEquals(steps, 10_000);
  await work;
});

function inMemory(name: string) {
  return { name, transports: ["memory"] } as const;
}

const adder = service({
  add: (a: number, b: number) => a + b,
  async *upTo(last: number) {
    for (let i = 1; i <= last; i++) yield i;
  },
});

withCtx(
  inMemory("settleInProcess waits for calls one after the other"),
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(adder);
    let sum = 0;
    const work = (async () => {
      for (let i = 0; i < 100; i++) sum = await remote.add(sum, 1);
    })();
    await settleInProcess();
    assertEquals(sum, 100);
    await work;
  },
);

withCtx(
  inMemory("settleInProcess waits for bursts of calls and for streams"),
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(adder);
    let done = 0;
    const work = (async () => {
      for (let round = 0; round < 20; round++) {
        const burst = Array.from({ length: 50 }, (_, i) => remote.add(i, 1));
        done += (await Promise.all(burst)).length;
      }
      for await (const _ of await remote.upTo(200)) done++;
    })();
    await settleInProcess();
    assertEquals(done, 1_200);
    await work;
  },
);

withCtx(
  inMemory("settleInProcess waits for a connection that is being made"),
  async (ctx) => {
    const { signal } = ctx;
    let sum = 0;
    const work = (async () => {
      await using server = await startServer(ctx.address, adder);
      await using client = await openConnection<typeof adder>(server.address, {
        signal,
      });
      sum = await client.remote.add(1, 2);
    })();
    await settleInProcess();
    assertEquals(sum, 3);
    await work;
  },
);

withCtx(
  inMemory(
    "settleInProcess rejects when its signal aborts amid endless traffic",
  ),
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(adder);
    const controller = new AbortController();
    let calls = 0;
    const work = (async () => {
      while (!controller.signal.aborted) {
        await remote.add(1, 1);
        if (++calls === 1_000) controller.abort(new Error("enough"));
      }
    })();
    await assertRejects(
      () => settleInProcess(controller.signal),
      Error,
      "enough",
    );
    await work;
  },
);

Deno.test("settleInProcess rejects at once with an aborted signal", async () => {
  const error = await settleInProcess(AbortSignal.abort("before")).catch((it) =>
    it
  );
  assertEquals(error, "before");
});
