import { dirname, fromFileUrl } from "@std/path";
import { type Address, parseAddress } from "../../transports/address.ts";
import type { SpawnPermission, SpawnPermissions } from "./contract.ts";

/** The names of the flags, without `--allow-`. */
const NAMES = [
  "env",
  "ffi",
  "import",
  "net",
  "read",
  "run",
  "sys",
  "write",
] as const satisfies readonly (keyof SpawnPermissions)[];

/** The addresses that a process uses. */
export interface ProcessAddresses {
  /** The address where its container listens. */
  readonly listens: string;
  /** The addresses to which it connects. */
  readonly connects: readonly string[];
}

/**
 * Returns the flags of `deno run` for `permissions`, and for listening and
 * connecting at the addresses.
 *
 * @throws {TypeError} If there is no such permission, or an item holds a comma,
 * which a flag cannot express.
 */
export function permissionFlags(
  permissions: SpawnPermissions,
  { listens, connects }: ProcessAddresses,
): string[] {
  for (const name of Object.keys(permissions)) {
    if (NAMES.some((it) => it === name)) continue;
    throw new TypeError(
      `Cannot allow '${name}': there is no such permission, use '${
        NAMES.join("', '")
      }'`,
    );
  }
  const all = [
    toListen(parseAddress(listens)),
    ...connects.map((it) => toConnect(parseAddress(it))),
    permissions,
  ];
  const flags: string[] = [];
  for (const name of NAMES) {
    const items = new Set(all.flatMap((it) => itemsOf(name, it[name])));
    if (items.has(true)) flags.push(`--allow-${name}`);
    else if (items.size > 0) flags.push(`--allow-${name}=${[...items]}`);
  }
  return flags;
}

function toListen(address: Address): SpawnPermissions {
  if (!("path" in address)) return toConnect(address);
  // A socket is made under a random name, and a permission names a single one.
  const folder = [dirname(address.path)];
  return { net: true, read: folder, write: folder };
}

function toConnect(address: Address): SpawnPermissions {
  if ("name" in address) return {};
  if ("path" in address) {
    const path = [address.path];
    return { net: [`unix:${path}`], read: path, write: path };
  }
  const { host, port } = address;
  return { net: [`${host.includes(":") ? `[${host}]` : host}:${port}`] };
}

/** The items of one permission; `true` stands for everything. */
function itemsOf(
  name: string,
  permission: SpawnPermission | undefined,
): (string | true)[] {
  if (permission === true) return [true];
  if (permission === undefined || permission === false) return [];
  if (!Array.isArray(permission)) {
    throw new TypeError(
      `Cannot allow '${name}': it is '${permission}', use true, false or a list`,
    );
  }
  return permission.map((item: string | URL) => {
    const text = textOf(item);
    if (text !== "" && !text.includes(",")) return text;
    throw new TypeError(
      `Cannot allow '${name}' for '${text}': a flag of Deno cannot hold it, since it ${
        text === "" ? "is empty" : "has a comma"
      }`,
    );
  });
}

function textOf(item: string | URL): string {
  if (typeof item === "string") return item;
  return item.protocol === "file:" ? fromFileUrl(item) : item.host;
}
