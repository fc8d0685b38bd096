import type { Transport, Variant } from "./_arena.ts";
import { peerNames } from "./subjects/all.ts";

/** Ways to call, the codecs that follow their names, and what limits them. */
const LAYERS = ["channel", "rpc", "agent"];
const SUFFIXES = ["", "-msgpack", "-msgpack-fast"];
const LIMITS: Readonly<Record<Transport, readonly string[]>> = {
  tcp: ["raw", "bare"],
  unix: ["raw", "bare"],
  memory: ["codec", "codec-msgpack", "codec-msgpack-fast"],
};

/** The transports, in the order of the report. */
export const TRANSPORTS: readonly Transport[] = ["tcp", "unix", "memory"];

/** All that the figures are about, over one transport. */
export async function variantsOver(transport: Transport): Promise<Variant[]> {
  const subjects = [
    ...LIMITS[transport],
    ...LAYERS.flatMap((layer) => SUFFIXES.map((suffix) => layer + suffix)),
    ...(transport === "tcp" ? await peerNames() : []),
  ];
  return subjects.map((subject) => ({ subject, transport }));
}
