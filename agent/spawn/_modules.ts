import { isAbsolute, toFileUrl } from "@std/path";
import { SpawnError } from "../errors.ts";
import type { ModuleList } from "./module_list.ts";

/**
 * The modules of an allow-list, by name.
 *
 * @throws {TypeError} If there is none, if one is neither a URL nor an absolute
 * path, or if two have the same name.
 */
export function namedModules(list: ModuleList): Map<string, string> {
  const named = new Map<string, string>();
  for (const [name, href] of entriesOf(list)) {
    const other = named.get(name);
    if (other !== undefined && other !== href) {
      throw new TypeError(
        `Cannot name modules: '${other}' and '${href}' are both '${name}', give names of your own in a record`,
      );
    }
    named.set(name, href);
  }
  if (named.size > 0) return named;
  throw new TypeError(
    "Cannot spawn: 'modules' is empty, list those whose classes may be spawned",
  );
}

function entriesOf(list: ModuleList): [name: string, href: string][] {
  if (!isList(list)) {
    return Object.entries(list).map(([name, it]) => [name, hrefOf(it)]);
  }
  return list.flatMap((it) => {
    const href = hrefOf(it);
    return namesOf(href).map((name): [string, string] => [name, href]);
  });
}

function isList(list: ModuleList): list is readonly (string | URL)[] {
  return Array.isArray(list);
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
  const { pathname } = new URL(href);
  const file = decodeURIComponent(
    pathname.slice(pathname.lastIndexOf("/") + 1),
  );
  const dot = file.lastIndexOf(".");
  return dot > 0 ? [file, file.slice(0, dot)] : [file];
}

/**
 * What `name`, as `module:Export`, stands for.
 *
 * @throws {SpawnError} If it has another form, its module is not in the list
 * or cannot be loaded, or does not export it.
 */
export async function loadExport(
  modules: ReadonlyMap<string, string>,
  name: string,
): Promise<unknown> {
  const colon = name.lastIndexOf(":");
  const [module, key] = [name.slice(0, colon), name.slice(colon + 1)];
  if (colon < 1 || key === "") {
    throw new SpawnError(
      `Cannot load '${name}': name a module and what it exports, as in 'bidders:Bidder'`,
    );
  }
  const href = modules.get(module);
  if (href === undefined) {
    throw new SpawnError(
      `Cannot load '${name}': '${module}' is not among the modules that may be loaded ('${
        [...modules.keys()].join("', '")
      }')`,
    );
  }
  const exported = await loadModule(href);
  // A namespace inherits nothing; its own names are what it exports.
  if (Object.hasOwn(exported, key)) return exported[key];
  throw new SpawnError(
    `Cannot load '${name}': '${href}' exports no '${key}', it has '${
      Object.keys(exported).join("', '")
    }'`,
  );
}

/**
 * Loads a module.
 *
 * @throws {SpawnError} If that is not possible.
 */
export async function loadModule(
  href: string,
): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(href);
  } catch (cause) {
    throw new SpawnError(`Cannot load module '${href}': ${cause}`, {
      cause,
      remoteName: cause instanceof Error ? cause.name : undefined,
    });
  }
}
