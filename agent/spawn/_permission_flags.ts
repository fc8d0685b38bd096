import { fromFileUrl } from "@std/path/from-file-url";
import { parseAddress } from "../../transports/address.ts";
import { folderOf } from "../../transports/socket_file.ts";
import type { SpawnPermission, SpawnPermissions } from "./contract.ts";

/** The names of the flags, without `--allow-`. */
const NAMES: readonly (keyof SpawnPermissions)[] = [
  "env",
  "ffi",
  "import",
  "net",
  "read",
  "run",
  "sys",
  "write",
];

/** The addresses that a process uses. */
export interface ProcessAddresses {
  /** The address at which its container listens. */
  readonly listens: string;
  /** The addresses to which it connects. */
  readonly connects: readonly string[];
}

/**
 * Returns the flags of `deno run` for `permissions`, plus those needed to
 * listen and connect at the addresses.
 *
 * @throws {TypeError} If a permission does not exist, or an item contains a
 * comma, which a flag cannot express.
 */
export function permissionFlags(
  permissions: SpawnPermissions,
  { listens, connects }: ProcessAddresses,
): string[] {
  const names: readonly string[] = NAMES;
  for (const name of Object.keys(permissions)) {
    if (names.includes(name)) continue;
    throw new TypeError(
      `Cannot allow '${name}': there is no such permission, use '${
        NAMES.join("', '")
      }'`,
    );
  }
  const all = [
    needed(listens, true),
    ...connects.map((it) => needed(it, false)),
    permissions,
  ];
  return NAMES.flatMap((name) => {
    const items = new Set(all.flatMap((it) => itemsOf(name, it[name])));
    if (items.has(true)) return [`--allow-${name}`];
    return items.size > 0 ? [`--allow-${name}=${[...items]}`] : [];
  });
}

/** Returns the permissions needed to use an address. */
function needed(text: string, listens: boolean): SpawnPermissions {
  const address = parseAddress(text);
  if ("name" in address) return {};
  if ("host" in address) {
    return { net: [text.slice("://".length + address.scheme.length)] };
  }
  const { path } = address;
  // A socket is first created under a random name in its folder, and a `net`
  // item can only name one path.
  const files = [listens ? folderOf(path) : path];
  const net = listens || [`unix:${path}`];
  return { net, read: files, write: files };
}

/** Returns the items of one permission; `true` stands for everything. */
function itemsOf(
  name: string,
  permission: SpawnPermission = false,
): (string | true)[] {
  if (typeof permission === "boolean") return permission ? [true] : [];
  if (!Array.isArray(permission)) {
    throw new TypeError(
      `Cannot allow '${name}': it is '${permission}', use true, false or a list`,
    );
  }
  return permission.map((item: string | URL) => {
    const text = textOf(item);
    if (text !== "" && !text.includes(",")) return text;
    throw new TypeError(
      `Cannot allow '${name}' for '${text}': a flag of Deno cannot hold it, since it is empty or has a comma`,
    );
  });
}

function textOf(item: string | URL): string {
  if (typeof item === "string") return item;
  return item.protocol === "file:" ? fromFileUrl(item) : item.host;
}
