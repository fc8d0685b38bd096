import { dirname, fromFileUrl, join } from "@std/path";

/** The names that Deno looks for, in its order. */
const NAMES = ["deno.json", "deno.jsonc"];

/**
 * The configuration that Deno would use for the file at `href`: the one in its
 * folder or the next one above; `null` if there is none, or this process may
 * not look.
 */
export async function nearestConfig(href: string): Promise<string | null> {
  if (!href.startsWith("file:")) return null;
  let folder = dirname(fromFileUrl(href));
  for (;;) {
    for (const name of NAMES) {
      const path = join(folder, name);
      if (await isFile(path)) return path;
    }
    const above = dirname(folder);
    if (above === folder) return null;
    folder = above;
  }
}

async function isFile(path: string): Promise<boolean> {
  const descriptor = { name: "read", path } as const;
  const { state } = await Deno.permissions.query(descriptor);
  if (state !== "granted") return false;
  try {
    return (await Deno.stat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
