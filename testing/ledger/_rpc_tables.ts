import type { Channel } from "../../channel/channel.ts";
import { peerOf } from "../../rpc/internal.ts";

/**
 * The tables of an RPC connection that are not empty, in words; `null` for a
 * channel without RPC.
 */
export function rpcTables(channel: Channel): string[] | null {
  // A channel without RPC has no peer, whatever the type says.
  const tables = (peerOf(channel) as ReturnType<typeof peerOf> | undefined)
    ?.stats();
  if (tables === undefined) return null;
  const { runningCalls, references, streams } = tables;
  return [
    { name: "running methods", size: runningCalls },
    { name: "references given to the other side", size: references },
    { name: "streams produced for the other side", size: streams },
  ].flatMap(({ name, size }) => size === 0 ? [] : [`${name} (${size})`]);
}
