import type { CtxTransport } from "../../testing/ctx_contract.ts";
import { flood, refusedFlood } from "./flood.ts";
import { attackHostilely, HOSTILE_TARGETS } from "./hostile.ts";
import { sendHeavyFrames } from "./heavy_frames.ts";
import { killClients } from "./kill_clients.ts";
import { killServers } from "./kill_servers.ts";
import { load } from "./load.ts";
import { stormAgents } from "./storm_agents.ts";
import { stormChannels } from "./storm_channel.ts";
import { stormRpc } from "./storm_rpc.ts";
import type { Trial } from "./_trial.ts";

/** Deno has no Unix sockets on Windows. */
const UNIX: readonly CtxTransport[] = Deno.build.os === "windows"
  ? []
  : ["unix"];
const PLAIN: readonly CtxTransport[] = ["tcp", ...UNIX, "memory"];
const SOCKETS: readonly CtxTransport[] = ["tcp", ...UNIX, "tls"];

/** Returns the trials of each lap, all in this process. */
export function trialsOfLap(): Trial[] {
  return [
    ...PLAIN.flatMap((transport): Trial[] => [
      ...storms(transport, 4),
      ...hostility(transport, 2.2),
    ]),
  ];
}

/**
 * Returns the trials that run once, after the heap has been measured: those
 * that use other processes, and those with TLS, since Node holds its memory for
 * seconds.
 */
export function lastTrials(): Trial[] {
  return [
    ...storms("tls", 10),
    ...hostility("tls", 4),
    ...SOCKETS.flatMap((transport): Trial[] => [
      { name: "killed clients", transport, share: 12, run: killClients },
      { name: "killed servers", transport, share: 12, run: killServers },
      { name: "load", transport, share: 10, run: load },
      { name: "flood", transport, share: 12, run: flood },
      { name: "refused flood", transport, share: 8, run: refusedFlood },
    ]),
    { name: "flood", transport: "memory", share: 6, run: flood },
    { name: "heavy frames", transport: "tcp", share: 20, run: sendHeavyFrames },
  ];
}

function hostility(transport: CtxTransport, share: number): Trial[] {
  return HOSTILE_TARGETS.map((target) => ({
    name: `hostile peers of ${target}`,
    transport,
    share,
    run: (world) => attackHostilely(target, world),
  }));
}

function storms(transport: CtxTransport, share: number): Trial[] {
  return [
    { name: "channel storm", transport, share, run: stormChannels },
    { name: "rpc storm", transport, share, run: stormRpc },
    { name: "agent storm", transport, share, run: stormAgents },
  ];
}
