import type { SpawnOptions } from "./contract.ts";

/**
 * The variables that Deno needs: where it stores modules and temporary files,
 * how it loads modules, and its language and time zone.
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
 * needs, those that its permissions name, and those given in `env`. Other
 * variables of this process are not passed on, since they may hold secrets.
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
    // A pattern such as `AWS_*` permits reading, but does not name a variable.
    if (/^\w+$/.test(String(item))) pass(String(item), () => true);
  }
  // The output goes into logs, which should have no colours.
  return { ...passed, NO_COLOR: "1", ...env };
}

/** Returns whether a value is a URL with a user name or a password. */
function holdsPassword(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { username, password } = new URL(value);
  return username !== "" || password !== "";
}
