import type { CtxTransport } from "../testing/ctx_contract.ts";
import { flood } from "./flood.ts";
import { fuzzParsers } from "./fuzz.ts";
import { fuzzServer } from "./fuzz_servers.ts";
import { killClients } from "./killed_clients.ts";
import { killServers } from "./killed_servers.ts";
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

/** What is tried in each lap, all in this process. */
export function trialsOfLap(): Trial[] {
  return [
    ...[...SOCKETS, "memory" as const].flatMap((transport): Trial[] => [
      { name: "channel storm", transport, share: 4, run: stormChannels },
      { name: "rpc storm", transport, share: 5, run: stormRpc },
      { name: "agent storm", transport, share: 4, run: stormAgents },
    ]),
    ...PLAIN.flatMap((transport) =>
      (["channel", "RPC", "agent"] as const).map((layer): Trial => ({
        name: `fuzz ${layer} server`,
        transport,
        share: 1,
        run: (world) => fuzzServer(layer, world),
      }))
    ),
    { name: "fuzz parsers", transport: "memory", share: 3, run: fuzzParsers },
  ];
}

/** What is tried once, after all laps, and with other processes. */
export function lastTrials(): Trial[] {
  return [
    ...SOCKETS.flatMap((transport): Trial[] => [
      { name: "killed clients", transport, share: 12, run: killClients },
      { name: "killed servers", transport, share: 12, run: killServers },
    ]),
    ...SOCKETS.map((transport): Trial => (
      { name: "load", transport, share: 10, run: load }
    )),
    ...[...SOCKETS, "memory" as const].map((transport): Trial => (
      { name: "flood", transport, share: 12, run: flood }
    )),
  ];
}
