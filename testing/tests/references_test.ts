import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { keep } from "../../rpc/options.ts";
import { pipe } from "../../rpc/pipe.ts";
import { service } from "../../rpc/service/service.ts";
import type { Ctx } from "../ctx_contract.ts";
import { LeakError } from "../errors.ts";
import { runCase } from "../fixtures/fake_runner.ts";
import { planSteps } from "../step/_plan.ts";

// References: each side holds the references it received until it releases
// them.

const makers = () =>
  service({
    adder: (a: number) => (b: number): number => a + b,
    shop: () =>
      service({ price: () => 5, next: () => service({ at: () => 1 }) }),
  });

type Publisher = { subscribe(tell: () => Promise<void>): void };

const GUILTY: Record<string, {
  readonly body: (ctx: Ctx) => Promise<void>;
  readonly what: RegExp;
  readonly count?: number;
}> = {
  "functions that were returned": {
    async body(ctx) {
      const { remote } = await ctx.rpc.startServerAndConnect(makers());
      for (let i = 0; i < 50; i++) await remote.adder(i);
    },
    count: 50,
    what:
      /reference returned by 'adder' \(declare it with 'using'.*\) of channel .*, 50 times\n.*references_test\.ts:/,
  },
  "a service that was returned": {
    async body(ctx) {
      const { remote } = await ctx.rpc.startServerAndConnect(makers());
      await (await remote.shop()).price();
    },
    what: /reference returned by 'shop'/,
  },
  "a function that a server's method keeps": {
    async body(ctx) {
      const kept: Disposable[] = [];
      const publisher = service({
        subscribe: (tell: () => Promise<void>) => void kept.push(keep(tell)),
      });
      const { remote } = await ctx.rpc
        .startServerAndConnect<Publisher>(publisher);
      await remote.subscribe(() => Promise.resolve());
    },
    what: /kept reference passed to 'subscribe' .* of channel .* of server/,
  },
};

for (const [name, { body, what, count = 1 }] of Object.entries(GUILTY)) {
  Deno.test(`withCtx fails a step for ${name}`, async () => {
    const { steps } = await runCase(body, { steps: planSteps() });
    for (const { error, ignored } of steps) {
      if (ignored) continue;
      assertInstanceOf(error, LeakError);
      assertMatch(error.message, what);
      assertMatch(error.message, new RegExp(`leaked ${count} thing`));
    }
  });
}

const INNOCENT: Record<string, (ctx: Ctx) => Promise<void>> = {
  async "references that were released"(ctx) {
    const kept: Disposable[] = [];
    const publisher = service({
      subscribe: (tell: () => void) => void kept.push(keep(tell)),
    });
    const { remote } = await ctx.rpc.startServerAndConnect(makers());
    {
      using add = await remote.adder(1);
      assertEquals(await add(1), 2);
      using shop = await remote.shop();
      await shop.price();
    }
    const other = await ctx.rpc.startServerAndConnect(publisher);
    await other.remote.subscribe(() => {});
    for (const it of kept) it[Symbol.dispose]();
  },
  async "results of piped calls, which nobody has seen"(ctx) {
    const { remote } = await ctx.rpc.startServerAndConnect(makers());
    await remote.adder(1).then((add) => add[Symbol.dispose]());
    assertEquals(await pipe(remote).shop().next().at(), 1);
  },
  async "a reference that a relay has passed on"(ctx) {
    const far = await ctx.rpc.startServerAndConnect(makers());
    const relay = service({ adder: (a: number) => far.remote.adder(a) });
    const { remote } = await ctx.rpc.startServerAndConnect(relay);
    using add = await remote.adder(1);
    assertEquals(await add(2), 3);
  },
};

for (const [name, body] of Object.entries(INNOCENT)) {
  Deno.test(`withCtx passes a step with ${name}`, async () => {
    const { steps } = await runCase(body, { steps: planSteps() });
    assertEquals(steps.map(({ error }) => error), [null, null, null]);
  });
}
