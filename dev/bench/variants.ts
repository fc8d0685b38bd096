import type { Transport, Variant } from "./_arena.ts";
import { peerNames, subjectNamed } from "./subjects/all.ts";

/** Ways to call, the codecs that follow their names, and what limits them. */
const LAYERS = ["channel", "rpc", "agent"];
const SUFFIXES = ["", "-msgpack", "-msgpack-fast"];
const LIMITS: Readonly<Record<Transport, readonly string[]>> = {
  tcp: ["raw", "bare"],
  unix: ["raw", "bare"],
  memory: ["codec", "codec-msgpack", "codec-msgpack-fast"],
  worker: [],
};

/** The transports, in the order of the report. */
export const TRANSPORTS: readonly Transport[] = [
  "tcp",
  "unix",
  "memory",
  "worker",
];

/** Names of the peers that are measured over one transport. */
export async function peersOver(transport: Transport): Promise<string[]> {
  const peers: string[] = [];
  for (const name of await peerNames()) {
    const { place = "process" } = await subjectNamed(name);
    const own: Transport = place === "worker" ? "worker" : "tcp";
    if (own === transport) peers.push(name);
  }
  return peers;
}

/** All that the figures are about, over one transport. */
export async function variantsOver(transport: Transport): Promise<Variant[]> {
  const layers = transport === "worker" ? [] : LAYERS;
  const subjects = [
    ...LIMITS[transport],
    ...layers.flatMap((layer) => SUFFIXES.map((suffix) => layer + suffix)),
    ...await peersOver(transport),
  ];
  return subjects.map((subject) => ({ subject, transport }));
}
