import type { SpawnOptions } from "./contract.ts";

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
