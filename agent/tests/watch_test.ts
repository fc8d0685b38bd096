import { assertEquals, assertRejects } from "@std/assert";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { startProcess } from "../../transports/fixtures/start_process.ts";
import { ContainerClosedError } from "../errors.ts";
import { Cat } from "../fixtures/cat.ts";
import { reopen } from "../fixtures/reopen.ts";
import { until } from "../fixtures/until.ts";

withCtx(
  "Container.watch tells when an agent is gone, here or elsewhere",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const cat = await there.spawn(Cat);
    const other = await there.spawn(Cat);
    const watches = [here, there, here].map((it) => it.watch(cat.address));
    const notTold = here.watch(other.address);
    await until(() => there.stats().watches === 3);
    await cat.close();
    for (const gone of await Promise.all(watches)) {
      assertEquals(gone, {
        address: cat.address,
        scope: "agent",
        message: "it was closed",
      });
    }
    assertEquals(there.stats().watches, 1);
    await there.close();
    assertEquals(await notTold, {
      address: other.address,
      scope: "agent",
      message: "its container was closed",
    });
    assertEquals((await here.watch(other.address)).scope, "container");
  },
);

withCtx(
  "Container.watch tells at once where there is no agent",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    for (const container of [here, there]) {
      const gone = await here.watch(`${container.address}/nobody`);
      assertEquals(gone.scope, "agent");
    }
    const gone = await here.watch(`${ctx.address.replace(":0", ":1")}/0`);
    assertEquals(gone.scope, "container");
    await assertRejects(() => here.watch("nowhere"), TypeError);
  },
);

withCtx(
  "Container.watch ends with its signal, and leaves nothing",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const cat = await there.spawn(Cat);
    const controller = new AbortController();
    const { signal } = controller;
    const watches = [here, there].map((it) =>
      it.watch(cat.address, { signal })
    );
    await until(() => there.stats().watches === 2);
    controller.abort("enough");
    for (const watch of watches) {
      assertEquals(await watch.catch((reason) => reason), "enough");
    }
    await until(() => there.stats().watches === 0);
    assertEquals(
      await here.watch(cat.address, { signal }).catch((reason) => reason),
      "enough",
    );
  },
);

withCtx("Container.watch ends with the watching container", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const cat = await there.spawn(Cat);
  const watch = assertRejects(
    () => here.watch(cat.address),
    ContainerClosedError,
    `watch '${cat.address}'`,
  );
  await until(() => there.stats().watches === 1);
  await here.close();
  await watch;
  await until(() => there.stats().watches === 0);
  for (const address of [cat.address, `${here.address}/0`]) {
    await assertRejects(() => here.watch(address), ContainerClosedError);
  }
});

withCtx(
  "Container.watch begins anew where a container came back",
  async (ctx) => {
    const here = await ctx.createContainer();
    const first = await ctx.createContainer();
    const { address } = await first.spawn(Cat);
    await here.connect(address);
    await first.close();
    const second = await reopen(first.address, ctx.options);
    ctx.use(second);
    const cat = await second.spawn(Cat);
    assertEquals(cat.address, address);
    const gone = here.watch(address);
    await until(() => second.stats().watches === 1);
    await cat.close();
    assertEquals((await gone).scope, "agent");
  },
);

withCtx({
  name: "Container.watch tells when a container dies or falls silent",
  transports: ["tcp", "unix"],
}, async (ctx) => {
  const here = await ctx.createContainer({ heartbeatMs: 400 });
  const script = new URL("../fixtures/cat_process.ts", import.meta.url).href;
  for (const signal of ["SIGKILL", "SIGSTOP"] as const) {
    await using process = await startProcess(script, ctx.address);
    const [address, pid] = process.line.split(" ");
    const gone = here.watch(address!);
    const proxy = await here.connect<Cat>(address!);
    assertEquals(await proxy.meow(1), "meow");
    Deno.kill(Number(pid), signal);
    assertEquals((await gone).scope, "container");
    if (signal === "SIGSTOP") Deno.kill(Number(pid), "SIGKILL");
    const path = /^ipc:\/\/\[(.*)\]/.exec(address!)?.[1];
    if (path) await Deno.remove(path);
  }
});

withCtx({
  name: "thousands of watches cost little, and are all told",
  transports: ["memory"],
  codecs: [msgpack()],
  timeoutMs: 60_000,
}, async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const cat = await there.spawn(Cat);
  const count = 5_000;
  const watches = Array.from(
    { length: count },
    () => here.watch(cat.address),
  );
  // Several watches of one container on one agent count as one.
  await until(() => there.stats().watches === 1);
  await cat.close();
  const gone = await Promise.all(watches);
  assertEquals(
    gone.filter(({ scope: what }) => what === "agent").length,
    count,
  );
});

withCtx("watches are no calls, and have a limit of their own", async (ctx) => {
  const limits = { requests: { maxPending: 8, maxUnanswered: 8 } };
  const here = await ctx.createContainer({ limits });
  const there = await ctx.createContainer({ limits, maxWatches: 20 });
  const cats = [];
  for (let i = 0; i < 21; i++) cats.push(await there.spawn(Cat));
  const watches = [];
  const ending = new AbortController();
  const { signal } = ending;
  const proxy = await here.connect<Cat>(cats[0]!.address);
  for (const { address } of cats) {
    watches.push(here.watch(address, { signal }));
    await until(() => here.stats().pendingCalls < 4);
  }
  await until(() => there.stats().watches === 20);
  // One request reads the news for all watches.
  await until(() => there.stats().unansweredRequests === 1);
  assertEquals(await proxy.meow(1), "meow");
  await cats[0]!.close();
  assertEquals((await watches[0]!).scope, "agent");
  ending.abort();
  await Promise.allSettled(watches);
  await until(() => there.stats().watches === 0);
});
