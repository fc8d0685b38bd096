/**
 * Chooses the source of `@std`: JSR, as in `deno.json`, or the façades in
 * `npm_std/` on machines that can reach only npm.
 *
 * @module
 */

import { importMapFlags } from "./import_map_flags.ts";
import { readConfig, ROOT } from "./_project.ts";

const IMPORT_MAP = "dev/checks/npm_std/import_map.json";

/** The flags that make Deno use the façades. */
const NPM_FLAGS: readonly string[] = ["--import-map", IMPORT_MAP];

/** The time limit for an answer of JSR. */
const LIMIT_MS = 10_000;

/**
 * Returns the flags that `deno run`, `test`, `check` and others need on this
 * machine: those of this process, if it has any; none if JSR answers, or if its
 * packages are already cached.
 */
export async function importFlags(): Promise<readonly string[]> {
  const inherited = importMapFlags();
  if (inherited.length > 0) return inherited;
  const { imports } = await readConfig();
  const map = JSON.parse(await Deno.readTextFile(`${ROOT}/${IMPORT_MAP}`));
  const specifiers = jsrSpecifiers(imports, Object.keys(map.imports));
  return await canLoad(specifiers, LIMIT_MS) ? [] : NPM_FLAGS;
}

/**
 * Returns the specifiers of those `names` that come from JSR. They include the
 * entry in use, since not every package has a main entry.
 */
export function jsrSpecifiers(
  imports: Readonly<Record<string, string>>,
  names: readonly string[],
): string[] {
  return names.flatMap((name) => {
    const key = Object.keys(imports).find((key) =>
      name === key || name.startsWith(`${key}/`)
    );
    const target = key === undefined ? undefined : imports[key];
    if (key === undefined || !target?.startsWith("jsr:")) return [];
    return [target + name.slice(key.length)];
  });
}

/** Returns whether Deno can load `specifiers` within `limitMs`. */
export async function canLoad(
  specifiers: readonly string[],
  limitMs: number,
): Promise<boolean> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), limitMs);
  try {
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: ["cache", "--no-lock", ...specifiers],
      cwd: ROOT,
      stdin: "null",
      stdout: "null",
      stderr: "null",
      signal: limit.signal,
    }).output();
    return success;
  } finally {
    clearTimeout(timer);
  }
}
