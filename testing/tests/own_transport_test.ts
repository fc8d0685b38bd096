import { assertEquals } from "@std/assert";
import { withCtx } from "../ctx.ts";
import { echo } from "../fixtures/handlers.ts";
import own from "../fixtures/own_transport.ts";
import { runFixtures } from "../fixtures/run.ts";

withCtx({
  name: "withCtx runs on a transport of one's own, and its network below it",
  transports: [own],
}, async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  assertEquals(await channel.send(ctx.transport), "own");
  assertEquals(network.stats().connections, 1);
  network.reset();
  assertEquals((await channel.closed).by, "peer");
});

Deno.test("DENOMAS_TRANSPORTS names a module whose transport tests run on", async () => {
  const { results, output } = await runFixtures(["on_own.ts"], {
    DENOMAS_TRANSPORTS: "./testing/fixtures/own_transport.ts",
  });
  const ignored = "(not in DENOMAS_TRANSPORTS)";
  assertEquals(
    Object.fromEntries(results),
    {
      "runs anywhere": "passed",
      [`runs anywhere > tcp ${ignored}`]: "skipped",
      [`runs anywhere > unix ${ignored}`]: "skipped",
      [`runs anywhere > memory ${ignored}`]: "skipped",
      "runs anywhere > own": "passed",
    },
    output,
  );
});
