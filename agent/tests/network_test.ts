import { assertEquals, assertRejects } from "@std/assert";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Cat } from "../fixtures/cat.ts";
import { until } from "../fixtures/until.ts";

const options = { heartbeatMs: 20 };

for (const fault of ["blackHole", "partition"] as const) {
  withCtx({
    name: `Container.watch tells of a container behind a network's ${fault}`,
    codecs,
  }, async (ctx) => {
    const { network } = ctx;
    const here = await ctx.createContainer(options);
    const there = await ctx.createContainer(options);
    const other = await ctx.createContainer(options);
    const [cat, near] = [await there.spawn(Cat), await other.spawn(Cat)];
    const end = new AbortController();
    const { signal } = end;
    const notTold = assertRejects(
      () => here.watch(near.address, { signal }),
      Error,
      "over",
    );
    const watch = here.watch(cat.address);
    await until(() => there.stats().watches + other.stats().watches === 2);
    const proxy = await here.connect<Cat>(cat.address);
    const call = assertRejects(() => proxy.never(), ConnectionClosedError);
    network[fault]({ between: [here, there] });
    const { scope: what, address } = await watch;
    assertEquals([what, address], ["container", cat.address]);
    await call;
    await until(() => there.stats().watches === 0);
    assertEquals(other.stats().watches, 1);
    end.abort(new Error("over"));
    await notTold;
    network.heal();
    const again = await here.connect<Cat>(cat.address, { retryForMs: 5_000 });
    assertEquals(await again.meow(1), "meow");
  });
}

withCtx("a container reaches another one again after resets", async (ctx) => {
  const { network } = ctx;
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const cat = await there.spawn(Cat);
  for (let n = 0; n < 5; n++) {
    const proxy = await here.connect<Cat>(cat.address);
    assertEquals(await proxy.meow(1), "meow");
    network.reset();
    await until(() => here.stats().connections + there.stats().clients === 0);
  }
});
