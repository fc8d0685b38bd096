import { fileURLToPath } from "node:url";
import type { Subject } from "./subject.ts";

/**
 * The subjects of this folder. Each process loads only what it is about, so
 * that the memory of one does not hold the others' code.
 */
const LOADERS: Readonly<Record<string, () => Promise<readonly Subject[]>>> = {
  bare: async () => [(await import("./bare.ts")).bare],
  raw: async () => [(await import("./raw.ts")).raw],
  codec: async () => (await import("./codec.ts")).codecsAlone,
  channel: async () => (await import("./channel.ts")).channels,
  rpc: async () => (await import("./rpc.ts")).rpcs,
  "rpc-diagnostics": async () => (await import("./telemetry.ts")).telemetries,
  "rpc-telemetry": async () => (await import("./telemetry.ts")).telemetries,
  agent: async () => (await import("./agent.ts")).agents,
};

const PEERS = new URL("peers/", import.meta.url);

/**
 * The subject that is called `name`: `channel`, `rpc` and `agent` alone or
 * with a codec as in `rpc-msgpack`, or a peer.
 *
 * @throws {TypeError} If there is none.
 */
export async function subjectNamed(name: string): Promise<Subject> {
  const peers = await peerNames();
  // A file of a peer says it all, as `agent_worker.ts` does.
  if (peers.includes(name)) return await loadPeer(name);
  const load = LOADERS[name] ?? LOADERS[name.split("-")[0]!];
  const subject = (await load?.())?.find((subject) => subject.name === name);
  if (subject !== undefined) return subject;
  const known = [...Object.keys(LOADERS), ...peers];
  throw new TypeError(
    `Cannot choose subject '${name}': use one of '${known.join("', '")}'`,
  );
}

/** Names of the peers: a file of `peers/` each, with `-` for `_`. */
export async function peerNames(): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(fileURLToPath(PEERS))) {
      const [, stem] = /^([a-z]\w*)\.ts$/.exec(name) ?? [];
      if (stem === undefined || NO_PEERS.test(stem)) continue;
      names.push(stem.replaceAll("_", "-"));
    }
  } catch (error) {
    // Without that folder there are no peers.
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}

/** What else the folder holds: lists and tests. */
const NO_PEERS = /^all$|_test$/;

async function loadPeer(name: string): Promise<Subject> {
  const exported: unknown[] = Object.values(await import(fileOfPeer(name)));
  const subject = exported.find(isSubject);
  if (subject !== undefined) return subject;
  throw new TypeError(`Cannot use peer '${name}': its file exports no subject`);
}

function fileOfPeer(name: string): string {
  return new URL(`${name.replaceAll("-", "_")}.ts`, PEERS).href;
}

/** What a peer is: the first paragraph of its file. */
export async function describePeer(name: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(fileOfPeer(name)));
  const [, paragraph = name] = /^\/\*\*\n((?: \* .*\n)+)/.exec(text) ?? [];
  return paragraph.replace(/^ \* /gm, "").replaceAll("\n", " ").trim();
}

function isSubject(value: unknown): value is Subject {
  return typeof value === "object" && value !== null && "name" in value &&
    "serve" in value && "connect" in value;
}
