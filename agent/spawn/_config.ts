import { fromFileUrl } from "@std/path/from-file-url";

/** The configuration file for a process. */
export interface FoundConfig {
  /** The path of the file; `null` if none was found. */
  readonly path: string | null;
  /** The first path that this process may not read; `null` if there is none. */
  readonly denied: string | null;
}

/**
 * Finds the configuration file of the first module that has one, like Deno
 * does: in the folder of the module or above it. The main module of this
 * process is tried last, for modules that came from a registry.
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

/** The paths that Deno tries, in the same order. */
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
