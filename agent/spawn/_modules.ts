import { isAbsolute, toFileUrl } from "@std/path";
import { SpawnError } from "../errors.ts";
import type { ModuleList } from "./contract.ts";

/** The URLs of the modules that may be loaded, by name. */
export type NamedModules = ReadonlyMap<string, string>;

/**
 * Returns the modules of a list by name.
 *
 * @throws {TypeError} If there is none, if one is neither a URL nor an absolute
 * path, or if two have the same name.
 */
export function namedModules(list: ModuleList): NamedModules {
  const named = new Map<string, string>();
  for (const [key, module] of Object.entries(list)) {
    const href = hrefOf(module);
    for (const name of Array.isArray(list) ? namesOf(href) : [key]) {
      const other = named.get(name) ?? href;
      named.set(name, href);
      if (other === href) continue;
      throw new TypeError(
        `Cannot name modules: '${other}' and '${href}' are both '${name}', give names of your own in a record`,
      );
    }
  }
  if (named.size > 0) return named;
  throw new TypeError(
    "Cannot spawn: 'modules' is empty, list those whose classes may be spawned",
  );
}

function hrefOf(module: string | URL): string {
  if (module instanceof URL) return module.href;
  if (isAbsolute(module)) return toFileUrl(module).href;
  if (URL.canParse(module)) return new URL(module).href;
  throw new TypeError(
    `Cannot use module '${module}': it is neither a URL nor an absolute path, pass 'import.meta.resolve("${module}")'`,
  );
}

/** The file's name, with and without its extension. */
function namesOf(href: string): string[] {
  const file = decodeURIComponent(new URL(href).pathname.split("/").at(-1)!);
  const dot = file.lastIndexOf(".");
  return dot > 0 ? [file, file.slice(0, dot)] : [file];
}

/**
 * Loads the export `name`, as `module:Export`.
 *
 * @throws {SpawnError} If it has another form, its module is not in the list
 * or cannot be loaded, or does not export it.
 */
export async function loadExport(
  modules: NamedModules,
  name: string,
): Promise<unknown> {
  const colon = name.lastIndexOf(":");
  const [module, key] = [name.slice(0, colon), name.slice(colon + 1)];
  if (colon < 1 || key === "") {
    throw new SpawnError(
      `Cannot load '${name}': name a module and its export, as in 'bidders:Bidder'`,
    );
  }
  const href = modules.get(module);
  if (href === undefined) {
    const known = [...modules.keys()].join("', '");
    throw new SpawnError(
      `Cannot load '${name}': '${module}' is not among the modules that may be loaded ('${known}')`,
    );
  }
  const exported = await loadModule(href);
  // A namespace inherits nothing; its own names are its exports.
  if (Object.hasOwn(exported, key)) return exported[key];
  const known = Object.keys(exported).join("', '");
  throw new SpawnError(
    `Cannot load '${name}': '${href}' exports no '${key}', it has '${known}'`,
  );
}

/**
 * Loads a module.
 *
 * @throws {SpawnError} If that fails.
 */
export async function loadModule(
  href: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(href);
  } catch (cause) {
    const remoteName = cause instanceof Error ? cause.name : undefined;
    const message = `Cannot load module '${href}': ${cause}`;
    throw new SpawnError(message, { cause, remoteName });
  }
}
