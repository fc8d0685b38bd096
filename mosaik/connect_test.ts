import { assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../testing/ctx.ts";
import { ConnectError } from "../transports/errors.ts";
import { connectSimulator } from "./connect.ts";
import { FakeMosaik } from "./fixtures/fake_mosaik.ts";
import { TimeBased } from "./fixtures/simulators.ts";

withCtx("connectSimulator serves a mosaik that listens", async (ctx) => {
  const simulator = new TimeBased();
  const { onError } = ctx.options;
  const next = Promise.withResolvers<unknown>();
  const server = await ctx.startServer(async (channel) => {
    const mosaik = new FakeMosaik(channel);
    await mosaik.init();
    next.resolve(await mosaik.step(3));
    await mosaik.stop();
  });
  const running = ctx.use(
    await connectSimulator(simulator, server.address, { onError }),
  );
  assertEquals(running.address, server.address);
  assertEquals(await next.promise, 4);
  const { by, reason } = await running.closed;
  assertEquals([by, reason], ["peer", "mosaik stopped the simulator"]);
  assertEquals(simulator.stops, 1);
});

withCtx("connectSimulator says that nobody is there", async (ctx) => {
  const simulator = new TimeBased();
  const server = await ctx.startServer(() => {});
  await ctx.closeServer();
  await assertRejects(
    () => connectSimulator(simulator, server.address),
    ConnectError,
  );
  assertEquals(simulator.stops, 0);
});

withCtx("connectSimulator gives up at its signal", async (ctx) => {
  const controller = new AbortController();
  const server = await ctx.startServer(() => {});
  const simulator = new TimeBased();
  const { signal } = controller;
  const running = ctx.use(
    await connectSimulator(simulator, server.address, { signal }),
  );
  controller.abort(new Error("enough"));
  assertEquals((await running.closed).by, "local");
  await assertRejects(
    () => connectSimulator(simulator, server.address, { signal }),
    Error,
    "enough",
  );
  assertEquals(simulator.stops, 1);
});
