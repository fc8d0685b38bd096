import { assertEquals } from "@std/assert";
import { until } from "../../agent/fixtures/until.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { expose } from "../service/expose.ts";
import { startServer } from "../deno.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { openReconnecting } from "./deno.ts";

class Counter {
  readonly ran: number[] = [];
  @expose
  once(n: number): number {
    this.ran.push(n);
    return n;
  }
  @expose({ idempotent: true })
  often(n: number): number {
    return n;
  }
}

async function begin(ctx: Ctx) {
  const counter = new Counter();
  const server = ctx.use(
    await startServer(ctx.address, counter, {
      ...ctx.options,
      heartbeatMs: 20,
    }),
  );
  const client = ctx.use(
    await openReconnecting<Counter>(server.address, {
      ...ctx.options,
      heartbeatMs: 20,
      backoff: { initialMs: 1, maxMs: 5 },
    }),
  );
  return { counter, server, client };
}

withCtx({
  name: "ReconnectingClient comes back when a partition heals",
  codecs,
}, async (ctx) => {
  const { network } = ctx;
  const { client, server } = await begin(ctx);
  assertEquals(await client.remote.once(0), 0);
  network.partition();
  const call = client.remote.often(1);
  await until(() => client.state === "reconnecting");
  const late = client.remote.once(2);
  network.heal();
  assertEquals([await call, await late], [1, 2]);
  assertEquals(client.stats().connections, 2);
  await until(() => server.clients.size === 1);
});

withCtx({
  name: "ReconnectingClient runs no call twice over resets, and settles all",
  codecs,
}, async (ctx) => {
  const { network } = ctx;
  const { client, counter } = await begin(ctx);
  network.delay({ delayMs: 0, jitterMs: 2 });
  network.pieces({ maxBytes: 400 });
  let [answered, lost] = [0, 0];
  const calls: Promise<void>[] = [];
  for (let n = 0; n < 200; n++) {
    const count = () => void answered++;
    calls.push(client.remote.once(n).then(count, () => void lost++));
    calls.push(client.remote.often(n).then(count));
    if (n % 20 === 19) {
      network.reset();
      await client.remote.often(n);
    }
  }
  await Promise.all(calls);
  assertEquals(answered + lost, 400);
  assertEquals(counter.ran.length, new Set(counter.ran).size);
});
