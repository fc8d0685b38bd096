import type { Subject } from "./subject.ts";

/**
 * Loaders of the subjects, by the first part of their names. Each process loads
 * only its own subject, so that its memory does not hold the code of others.
 */
const LOADERS: Readonly<Record<string, () => Promise<readonly Subject[]>>> = {
  bare: async () => {
    const { bare, bareRpc } = await import("./bare.ts");
    return [bare, bareRpc];
  },
  raw: async () => [(await import("./raw.ts")).raw],
  codec: async () => (await import("./codec.ts")).codecsAlone,
  channel: async () => (await import("./channel.ts")).channels,
  rpc: async () => (await import("./rpc.ts")).rpcs,
  "rpc-nats": async () => [(await import("./rpc_nats.ts")).rpcNats],
  "rpc-websocket": async () => [
    (await import("./rpc_websocket.ts")).rpcWebSocket,
  ],
  "rpc-diagnostics": async () => (await import("./telemetry.ts")).telemetries,
  "rpc-telemetry": async () => (await import("./telemetry.ts")).telemetries,
  agent: async () => (await import("./agent.ts")).agents,
  "agent-again": async () => [(await import("./agent_again.ts")).agentAgain],
  aiomas: async () => [(await import("./peers/aiomas.ts")).aiomas],
  birpc: async () => [(await import("./peers/birpc.ts")).birpc],
  capnweb: async () => (await import("./peers/capnweb.ts")).capnwebs,
  grpc: async () => [(await import("./peers/grpc.ts")).grpc],
  http: async () => [(await import("./peers/http.ts")).http],
  effect: async () => [(await import("./peers/effect.ts")).effect],
  moleculer: async () => [(await import("./peers/moleculer.ts")).moleculer],
  kkrpc: async () => [(await import("./peers/kkrpc.ts")).kkrpc],
  nats: async () => [(await import("./peers/nats.ts")).nats],
  orpc: async () => [(await import("./peers/orpc.ts")).orpc],
  "socket-io": async () => [(await import("./peers/socket_io.ts")).socketIo],
  trpc: async () => [(await import("./peers/trpc.ts")).trpc],
  "vscode-jsonrpc": async () => [
    (await import("./peers/vscode_jsonrpc.ts")).vscodeJsonrpc,
  ],
};

/** The names of the other libraries, each with its own file in `peers/`. */
export const PEERS: readonly string[] = [
  "aiomas",
  "birpc",
  "capnweb",
  "capnweb-deno",
  "effect",
  "grpc",
  "http",
  "kkrpc",
  "moleculer",
  "nats",
  "orpc",
  "socket-io",
  "trpc",
  "vscode-jsonrpc",
];

/**
 * Returns the subject with a name: `channel`, `rpc` or `agent`, optionally with
 * a codec as in `rpc-msgpack`, a baseline, or a peer.
 *
 * @throws {TypeError} If there is no such subject.
 */
export async function subjectNamed(name: string): Promise<Subject> {
  const load = LOADERS[name] ?? LOADERS[name.split("-")[0]!];
  const subject = (await load?.())?.find((subject) => subject.name === name);
  if (subject !== undefined) return subject;
  const known = Object.keys(LOADERS).join("', '");
  throw new TypeError(`Choosing subject '${name}': use one of '${known}'`);
}

/** Returns the description of a peer: the first paragraph of its file. */
export async function describePeer(name: string): Promise<string> {
  const file = name === "capnweb-deno"
    ? "peers/capnweb.ts"
    : `peers/${name.replaceAll("-", "_")}.ts`;
  const text = await Deno.readTextFile(new URL(file, import.meta.url));
  const [, paragraph = name] = /^\/\*\*\n((?: \* .*\n)+)/.exec(text) ?? [];
  return paragraph.replace(/^ \* /gm, "").replaceAll("\n", " ").trim();
}
