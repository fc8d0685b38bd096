import { denoCommand, PeerProcess } from "../shared/peer_process.ts";
import type { Harness } from "./_harness.ts";
import type { MemoryArguments, MemoryFigures } from "./memory.ts";
import { type Check, summarize, type Target } from "./_ratios.ts";

/** Measures the memory of idle connections, idle agents and pending calls. */
export async function measureMemory(harness: Harness): Promise<Check[]> {
  const channel = { subject: "channel", transport: "tcp" } as const;
  const rpc = { subject: "rpc", transport: "tcp" } as const;
  const addresses: MemoryArguments = {
    channel: (await harness.serve(channel)).address,
    rpc: (await harness.serve(rpc)).address,
  };
  const gc = ["--v8-flags=--expose-gc"];
  await using measuring = new PeerProcess(
    denoCommand(new URL("memory.ts", import.meta.url), [], gc),
  );
  const figures = await measuring.ask<MemoryFigures>("measure", addresses);
  const conn = summarize(figures.conn).median;
  const beyondConn = (bytes: readonly number[]) => bytes.map((it) => it - conn);
  const end = "an end of an idle connection, beyond a bare Deno.Conn";
  return [
    bytes(`channel, ${end}`, beyondConn(figures.channelEnd), {
      atMost: 5.2 * 1024,
    }),
    bytes(`rpc, ${end}`, beyondConn(figures.rpcEnd), { atMost: 8 * 1024 }),
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
  return { what, unit: "B", found: summarize(values), target };
}
