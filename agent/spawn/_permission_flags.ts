import { dirname, fromFileUrl } from "@std/path";
import { type Address, parseAddress } from "../../transports/address.ts";
import type { SpawnPermission, SpawnPermissions } from "./permissions.ts";

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

/** Where the container of a process is to listen, and its parent does. */
export interface PermissionPlaces {
  /** Where the container listens. */
  readonly listens: string;
  /** The address of its parent. */
  readonly parent: string;
}

/**
 * The flags of `deno run` for what a container needs to listen at its address
 * and to call its parent, and for `extra`.
 *
 * @throws {TypeError} If there is no such permission, or an item holds a comma,
 * which a flag cannot.
 */
export function permissionFlags(
  { listens, parent }: PermissionPlaces,
  extra: SpawnPermissions,
): string[] {
  checkNames(extra);
  const needs = [
    toListen(parseAddress(listens)),
    toConnect(parseAddress(parent)),
    extra,
  ];
  return NAMES.flatMap((name) =>
    flag(name, needs.map((it) => it[name] ?? false))
  );
}

function checkNames(permissions: SpawnPermissions): void {
  for (const name of Object.keys(permissions)) {
    if (NAMES.some((it) => it === name)) continue;
    throw new TypeError(
      `Cannot allow '${name}': there is no such permission, use '${
        NAMES.join("', '")
      }'`,
    );
  }
}

function toListen(address: Address): SpawnPermissions {
  if (address.scheme === "tcp") {
    return { net: [hostPort(address)] };
  }
  if (address.scheme === "local") return {};
  // A socket is made under a name that nobody can foresee, and a permission
  // names a single one.
  const folder = [dirname(address.path)];
  return { net: true, read: folder, write: folder };
}

function toConnect(address: Address): SpawnPermissions {
  if (address.scheme === "tcp") return { net: [hostPort(address)] };
  if (address.scheme === "local") return {};
  const { path } = address;
  return { net: [`unix:${path}`], read: [path], write: [path] };
}

function hostPort({ host, port }: Address & { scheme: "tcp" }): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** One flag, or none, for the sum of what is allowed. */
function flag(
  name: (typeof NAMES)[number],
  allowed: readonly SpawnPermission[],
): string[] {
  for (const it of allowed) {
    if (typeof it === "boolean" || Array.isArray(it)) continue;
    throw new TypeError(
      `Cannot allow '${name}': it is '${it}', use true, false or a list`,
    );
  }
  if (allowed.includes(true)) return [`--allow-${name}`];
  const items = allowed.flatMap((it) => typeof it === "boolean" ? [] : it)
    .map(textOf);
  if (items.length === 0) return [];
  for (const item of items) {
    if (item !== "" && !item.includes(",")) continue;
    throw new TypeError(
      `Cannot allow '${name}' for '${item}': a flag of Deno cannot name it, since it ${
        item === "" ? "is empty" : "holds a comma"
      }`,
    );
  }
  return [`--allow-${name}=${[...new Set(items)].join(",")}`];
}

function textOf(item: string | URL): string {
  if (typeof item === "string") return item;
  return item.protocol === "file:" ? fromFileUrl(item) : item.host;
}
