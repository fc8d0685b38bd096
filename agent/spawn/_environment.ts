import type { SpawnPermissions } from "./permissions.ts";

/**
 * What Deno itself needs: where it keeps modules and temporary files, how it
 * loads modules, and in which language and time zone it runs.
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

/** What decides about the environment of a spawned process. */
export interface EnvironmentOptions {
  /** Variables that were given for it. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly permissions?: SpawnPermissions | undefined;
}

/**
 * The whole environment of a spawned process: what Deno needs, what its
 * permissions name, and what was given for it. Nothing else of this process's
 * environment is passed on, since secrets are kept there.
 */
export function spawnEnvironment(
  { env = {}, permissions }: EnvironmentOptions,
): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const name of NEEDED) {
    const value = valueOf(name);
    if (value !== undefined && !holdsPassword(value)) passed[name] = value;
  }
  for (const name of namesIn(permissions)) {
    const value = valueOf(name);
    if (value !== undefined) passed[name] = value;
  }
  // Its lines go into logs, and are no place for colours.
  return { ...passed, NO_COLOR: "1", ...env };
}

/** What this process may not read is not passed on. */
function valueOf(name: string): string | undefined {
  const descriptor = { name: "env", variable: name } as const;
  const { state } = Deno.permissions.querySync(descriptor);
  return state === "granted" ? Deno.env.get(name) : undefined;
}

/** Whether it is a URL with a name or password, as of a package registry. */
function holdsPassword(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username !== "" || password !== "";
}

/** The variables that are named; `true` allows to read what there is. */
function namesIn({ env }: SpawnPermissions = {}): string[] {
  return Array.isArray(env)
    // A pattern such as `AWS_*` allows to read, and names nothing.
    ? env.map(String).filter((name) => /^\w+$/.test(name))
    : [];
}
