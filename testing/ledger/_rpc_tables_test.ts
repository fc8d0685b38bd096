import { assertEquals } from "@std/assert";
import { withCtx } from "../ctx.ts";
import { echo } from "../fixtures/handlers.ts";
import { calculator, ticker } from "../fixtures/services.ts";
import { describeLeak } from "./_leak.ts";
import { Ledger } from "./_ledger.ts";
import { rpcTables } from "./_rpc_tables.ts";

const transports = ["memory"] as const;

withCtx(
  { name: "rpcTables tells of what is in use", transports },
  async (ctx) => {
    const server = await ctx.rpc.startServer(ticker);
    const { remote } = await ctx.rpc.connect<typeof ticker>();
    await using ticks = await remote.slow();
    await ticks.next();
    const [client] = server.clients;
    assertEquals(rpcTables(client!.channel), [
      "running methods (1)",
      "streams produced for the other side (1)",
    ]);
    await ticks.return?.();
    assertEquals(rpcTables(client!.channel), []);
  },
);

withCtx(
  { name: "rpcTables has none of a plain channel", transports },
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(echo);
    assertEquals(rpcTables(channel), null);
  },
);

withCtx({
  name: "Ledger lists what RPC has not let go of at its end",
  transports,
}, async (ctx) => {
  const server = await ctx.rpc.startServer(calculator);
  const { remote, close } = await ctx.rpc.connect<typeof calculator>();
  await remote.add(1, 2);
  const call = remote.never();
  call.catch(() => {});
  const again = remote.add(1, 2);
  await again;
  const [client] = server.clients;
  const { channel } = client!;
  const ledger = new Ledger({ trace: false, isCurrent: () => true });
  ledger.opened(channel, "channel", () => "near to far");
  assertEquals(ledger.describe().slice(1), [
    "running methods (1) of channel (near to far)",
    "unanswered requests at channel (near to far): 1",
  ]);
  ledger.closed(channel);
  assertEquals(ledger.readAll().map(describeLeak), [
    "pending calls (0) and unanswered requests (1) at its end of channel (near to far)",
    "running methods (1) of channel (near to far)",
  ]);
  await close();
  await channel.closed;
  assertEquals(ledger.readAll().length, 1);
});
