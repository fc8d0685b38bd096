import type { Arena } from "./_arena.ts";
import { type Check, checked } from "./_check.ts";
import { Helper } from "./_helper.ts";
import type { MemoryArguments, MemoryFigures } from "./memory.ts";
import { spreadOf, summarize, type Target } from "./_pairs.ts";

/** Measures what idle connections and agents, and pending calls, take. */
export async function measureMemory(arena: Arena): Promise<Check[]> {
  const [channel, rpc] = await Promise.all([
    arena.serve({ subject: "channel", transport: "tcp" }),
    arena.serve({ subject: "rpc", transport: "tcp" }),
  ]);
  await using _channel = channel.server;
  await using _rpc = rpc.server;
  const addresses: MemoryArguments = {
    channel: channel.address,
    rpc: rpc.address,
  };
  await using helper = new Helper("memory.ts", [JSON.stringify(addresses)], {
    core: null,
    flags: ["--v8-flags=--expose-gc"],
  });
  const figures = await helper.listen<MemoryFigures>();
  const conn = summarize(figures.conn).median;
  const beyondConn = (bytes: readonly number[]) => bytes.map((it) => it - conn);
  const idleEnd = { atMost: 8 * 1024 };
  return [
    bytes(
      "channel, an end of an idle connection, beyond a bare Deno.Conn",
      beyondConn(figures.channelEnd),
      idleEnd,
    ),
    bytes(
      "rpc, an end of an idle connection, beyond a bare Deno.Conn",
      beyondConn(figures.rpcEnd),
      null,
    ),
    bytes("agent, idle", figures.agent, { atMost: 1024 }),
    bytes("channel, a pending call", figures.channelCall, { atMost: 400 }),
    bytes("rpc, a pending call", figures.rpcCall, null),
  ];
}

function bytes(
  what: string,
  values: readonly number[],
  target: Target | null,
): Check {
  const found = summarize(values);
  return checked({ what, unit: "B", found, noise: spreadOf(found), target });
}
