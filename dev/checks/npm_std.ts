/**
 * Decides where `@std` comes from: from JSR, as `deno.json` says, or, on
 * machines that reach npm only, from the façades in `npm_std/`.
 *
 * @module
 */

import { importMapFlags } from "./import_map_flags.ts";
import { readConfig, ROOT } from "./_project.ts";

const IMPORT_MAP = "dev/checks/npm_std/import_map.json";

/** What makes Deno use the façades. */
const NPM_FLAGS: readonly string[] = ["--import-map", IMPORT_MAP];

/** How long JSR may take to answer. */
const LIMIT_MS = 10_000;

/**
 * The flags that `deno run`, `test`, `check` and others need on this machine:
 * those of this process, if it has some; none where JSR answers, or where its
 * packages are cached already.
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
 * What the bare `names` stand for, of those that come from JSR. A package is
 * asked for the entries that are used: not each has a main one.
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
