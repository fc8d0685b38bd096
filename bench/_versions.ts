import { fileURLToPath } from "node:url";

const PEERS = new URL("subjects/peers/", import.meta.url);
const PACKAGE = /npm:(@?[\w./-]+@\d[\w.-]*)/g;

/** The packages that the peers' files name, with their versions. */
export async function peerVersions(): Promise<string[]> {
  const found = new Set<string>();
  for (const file of await listPeers()) {
    const text = await Deno.readTextFile(new URL(file, PEERS));
    for (const [, name] of text.matchAll(PACKAGE)) found.add(name!);
  }
  return [...found].sort();
}

async function listPeers(): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(fileURLToPath(PEERS)));
    return entries.map(({ name }) => name).filter((it) => it.endsWith(".ts"));
  } catch (error) {
    // Without that folder there are no peers.
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
