import { fromFileUrl } from "@std/path/from-file-url";
import { parseAddress } from "../../transports/address.ts";
import { folderOf } from "../../transports/socket_file.ts";
import type {
  SpawnOptions,
  SpawnPermission,
  SpawnPermissions,
} from "./contract.ts";
import type { SpawnSetup } from "./_control.ts";

/** The modules, environment and permissions with which a process starts. */
export interface ProcessPlan {
  /** The URLs of the modules to load. */
  readonly modules: ReadonlySet<string>;
  /** The whole environment. */
  readonly env: Record<string, string>;
  /** Returns the flags of `deno run`, to connect to the parent's listener. */
  flags(listener: string): readonly string[];
  /** Advice for the error of a failed start, if there is any. */
  readonly hint: string | null;
}

/**
 * Plans the process of a container.
 *
 * @throws {TypeError} If a permission is wrong.
 */
export async function planProcess(
  { listens, parent, modules }: SpawnSetup,
  { permissions = {}, env, flags = [] }: SpawnOptions,
): Promise<ProcessPlan> {
  const hrefs = new Set(Object.values(modules));
  const hasConfig = flags.some((it) =>
    /^(--config|-c|--no-config)($|=)/.test(it)
  );
  const { path, denied } = hasConfig
    ? { path: null, denied: null }
    : await findConfig(hrefs);
  const flagsFor = (...connects: string[]) => [
    ...path === null ? [] : [`--config=${path}`],
    ...permissionFlags(permissions, { listens, connects }),
    ...flags,
  ];
  // Wrong permissions are to be refused before anything starts.
  flagsFor();
  return {
    modules: hrefs,
    env: spawnEnvironment({ env, permissions }),
    flags: (listener) => flagsFor(parent, listener),
    hint: denied === null
      ? null
      : `it has no configuration, since this process may not read '${denied}': allow that, or set '--config=…' or '--no-config' in 'flags'`,
  };
}

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

/** Returns what it needs to use an address. */
function needed(text: string, listens: boolean): SpawnPermissions {
  const address = parseAddress(text);
  if ("name" in address) return {};
  if ("host" in address) {
    return { net: [text.slice("://".length + address.scheme.length)] };
  }
  const { path } = address;
  // A socket is made under a random name, and a permission names a single one.
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

/**
 * The variables that Deno needs: where it keeps modules and temporary files, how
 * it loads modules, and in which language and time zone it runs.
 */
const NEEDED = [
  "DENO_CERT",
  "DENO_DIR",
  "DENO_TLS_CA_STORE",
  "HOME",
  "JSR_URL",
  "LANG",
  "LOCALAPPDATA",
  "NPM_CONFIG_REGISTRY",
  "PATH",
  "SYSTEMROOT",
  "TEMP",
  "TMP",
  "TMPDIR",
  "TZ",
  "USERPROFILE",
  "XDG_CACHE_HOME",
] as const;

/**
 * Returns the whole environment of a spawned process: the variables that Deno
 * needs, that its permissions name, and that were given for it. No other
 * variable of this process is passed on, since they hold secrets.
 */
export function spawnEnvironment(
  { env = {}, permissions = {} }: Pick<SpawnOptions, "env" | "permissions">,
): Record<string, string> {
  const passed: Record<string, string> = {};
  const pass = (name: string, allows: (value: string) => boolean) => {
    const descriptor = { name: "env", variable: name } as const;
    const { state } = Deno.permissions.querySync(descriptor);
    const value = state === "granted" ? Deno.env.get(name) : undefined;
    if (value !== undefined && allows(value)) passed[name] = value;
  };
  for (const name of NEEDED) pass(name, (value) => !holdsPassword(value));
  for (const item of Array.isArray(permissions.env) ? permissions.env : []) {
    // A pattern such as `AWS_*` allows reading, and names no variable.
    if (/^\w+$/.test(String(item))) pass(String(item), () => true);
  }
  // Its lines go into logs, and are no place for colours.
  return { ...passed, NO_COLOR: "1", ...env };
}

/** Returns whether a value is a URL that holds a name or a password. */
function holdsPassword(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username !== "" || password !== "";
}

/** The configuration for a process. */
export interface FoundConfig {
  /** The path of the file; `null` if there is none. */
  readonly path: string | null;
  /** The first path that this process may not read, if there is one. */
  readonly denied: string | null;
}

/**
 * Finds the configuration of the first module that has one, as Deno would: in
 * the folder of the file or above it. The main module of this process comes
 * last; it stands for modules that came from a registry.
 */
export async function findConfig(
  modules: Iterable<string>,
): Promise<FoundConfig> {
  let denied: string | null = null;
  for (const href of [...modules, Deno.mainModule]) {
    for (const path of candidates(href)) {
      const { state } = await Deno.permissions.query({ name: "read", path });
      if (state !== "granted") denied ??= path;
      else if (await isFile(path)) return { path, denied: null };
    }
  }
  return { path: null, denied };
}

/** The paths at which Deno looks, in its order. */
function* candidates(href: string): Iterable<string> {
  if (!href.startsWith("file:")) return;
  let folder: URL;
  let above = new URL(".", href);
  do {
    folder = above;
    yield fromFileUrl(new URL("deno.json", folder));
    yield fromFileUrl(new URL("deno.jsonc", folder));
    above = new URL("..", folder);
  } while (above.href !== folder.href);
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
