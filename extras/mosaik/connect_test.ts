import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { ConnectError, HandshakeError } from "../../transports/errors.ts";
import { connectSimulator, type ConnectSimulatorOptions } from "./start.ts";
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
  const { by, code } = await running.closed;
  assertEquals([by, code], ["peer", "closed"]);
  assertEquals(simulator.stops, 1);
});

withCtx({
  name: "connectSimulator speaks TLS where it is told to",
  transports: ["tls"],
}, async (ctx) => {
  const { onError, tls } = ctx.options;
  const next = Promise.withResolvers<unknown>();
  const server = await ctx.startServer(async (channel) => {
    const mosaik = new FakeMosaik(channel);
    await mosaik.init();
    next.resolve([channel.peerName, await mosaik.step(3)]);
    await mosaik.stop();
  });
  const connect = (options: ConnectSimulatorOptions) =>
    connectSimulator(new TimeBased(), server.address, { onError, ...options });
  const error = await assertRejects(
    () => connect({ tls: { caCerts: tls!.caCerts } }),
    ConnectError,
  );
  assertInstanceOf(error.cause, HandshakeError);
  assertEquals(error.cause.code, "no-certificate");
  ctx.takeHandlerErrors();
  const running = ctx.use(await connect({ tls }));
  assertEquals(await next.promise, ["ctx", 4]);
  await running.closed;
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
