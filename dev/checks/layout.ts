/**
 * Defines which files belong to the package, and which part may import which. A
 * new layer or optional part is one more row of {@linkcode PARTS}.
 *
 * @module
 */

import { isTest } from "./_project.ts";

/** A layer, an optional part, or the package's root. */
export interface Part {
  /** The name in reports. */
  readonly name: string;
  /** A folder, with a trailing `/`, or a single file. */
  readonly path: string;
  /** Names of the other parts that it may import. */
  readonly mayImport: readonly string[];
}

/** The parts of the package. If two paths match a file, the longer one wins. */
export const PARTS: readonly Part[] = [
  { name: "transports", path: "transports/", mayImport: [] },
  { name: "channel", path: "channel/", mayImport: ["transports"] },
  {
    name: "msgpack",
    path: "channel/codecs/msgpack/fast/",
    mayImport: ["channel", "transports"],
  },
  { name: "rpc", path: "rpc/", mayImport: ["channel", "transports"] },
  {
    name: "reconnect",
    path: "rpc/reconnect/",
    mayImport: ["rpc", "channel", "transports"],
  },
  {
    name: "browser",
    path: "rpc/browser/",
    mayImport: ["reconnect", "rpc", "channel", "transports"],
  },
  {
    name: "node",
    path: "rpc/node/",
    mayImport: ["reconnect", "rpc", "channel", "transports"],
  },
  {
    name: "telemetry",
    path: "extras/telemetry/",
    mayImport: ["rpc", "channel", "transports"],
  },
  {
    name: "mosaik",
    path: "extras/mosaik/",
    mayImport: ["rpc", "channel", "transports"],
  },
  {
    name: "agent",
    path: "agent/",
    mayImport: ["rpc", "channel", "transports"],
  },
  {
    name: "directory",
    path: "agent/directory/",
    mayImport: ["agent", "rpc", "channel", "transports"],
  },
  {
    name: "cluster",
    path: "agent/cluster/",
    mayImport: ["agent", "reconnect", "rpc", "channel", "transports"],
  },
  {
    name: "nats",
    path: "extras/nats/",
    mayImport: ["cluster", "agent", "rpc", "channel", "transports"],
  },
  {
    name: "testing",
    path: "testing/",
    mayImport: [
      "cluster",
      "agent",
      "reconnect",
      "rpc",
      "channel",
      "transports",
    ],
  },
  {
    name: "root",
    path: "mod.ts",
    mayImport: ["agent", "rpc", "channel", "transports"],
  },
];

/** Folders with code that is not published. */
const DEVELOPMENT: readonly string[] = ["dev/", "docs/", "examples/"];

/** Folders of the neutral core, which also runs in browsers and Node. */
const NEUTRAL: readonly string[] = ["channel/", "rpc/", "transports/"];

/** Files and folders of the neutral core that are for Deno or Node only. */
const HOST_ONLY: readonly string[] = [
  "channel/deno.ts",
  "channel/mod.ts",
  "rpc/deno.ts",
  "rpc/mod.ts",
  "rpc/node/",
  "rpc/reconnect/deno.ts",
  "rpc/reconnect/mod.ts",
  "transports/_stream_listener.ts",
  "transports/defaults.ts",
  "transports/mod.ts",
  "transports/node/",
  "transports/socket_file.ts",
  "transports/tcp.ts",
  "transports/tls/_",
  "transports/tls/credentials.ts",
  "transports/tls/secured.ts",
  "transports/unix.ts",
  "transports/websocket/door.ts",
  "transports/websocket/mod.ts",
  "transports/websocket/ws.ts",
];

/** Returns whether a file belongs to the neutral core. */
export function isNeutral(file: string): boolean {
  return NEUTRAL.some((folder) => file.startsWith(folder)) &&
    !HOST_ONLY.some((path) => file.startsWith(path));
}

/** Returns the layer, or the optional part under `extras/`, of a file. */
export function layerOf(file: string): string {
  const parts = file.split("/");
  return parts.slice(0, parts[0] === "extras" ? 2 : 1).join("/");
}

/** Returns the part that a file belongs to. */
export function partOf(
  file: string,
  parts: readonly Part[] = PARTS,
): Part | undefined {
  return parts
    .filter(({ path }) =>
      path.endsWith("/") ? file.startsWith(path) : file === path
    )
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}

/** Returns whether a file is a test fixture. */
export function isFixture(file: string): boolean {
  return file.endsWith(".ts") && file.includes("/fixtures/");
}

/**
 * Returns whether a file is meant for users: TypeScript that is not a test,
 * benchmark, fixture, example or tool.
 */
export function isProduct(file: string): boolean {
  return file.endsWith(".ts") && !isTest(file) && !file.endsWith("_bench.ts") &&
    !isFixture(file) &&
    !DEVELOPMENT.some((folder) => file.startsWith(folder));
}
