import type { CtxTransport } from "../testing/ctx_contract.ts";
import { flood } from "./flood.ts";
import { fuzzParsers } from "./fuzz.ts";
import { fuzzServer } from "./fuzz_servers.ts";
import { stormAgents } from "./storm_agents.ts";
import { stormChannels } from "./storm_channel.ts";
import { stormRpc } from "./storm_rpc.ts";
import type { Trial } from "./_trial.ts";

const TRANSPORTS: readonly CtxTransport[] = Deno.build.os === "windows"
  ? ["tcp", "memory"]
  : ["tcp", "unix", "memory"];

/** All that is tried in a lap. */
export function trials(): Trial[] {
  return [
    ...TRANSPORTS.flatMap((transport): Trial[] => [
      { name: "channel storm", transport, share: 4, run: stormChannels },
      { name: "rpc storm", transport, share: 5, run: stormRpc },
      { name: "agent storm", transport, share: 4, run: stormAgents },
      { name: "flood", transport, share: 3, run: flood },
      ...(["channel", "RPC", "agent"] as const).map((layer): Trial => ({
        name: `fuzz ${layer} server`,
        transport,
        share: 1,
        run: (world) => fuzzServer(layer, world),
      })),
    ]),
    { name: "fuzz parsers", transport: "memory", share: 3, run: fuzzParsers },
  ];
}
