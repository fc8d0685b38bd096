import { isAbsolute } from "@std/path/is-absolute";
import { toFileUrl } from "@std/path/to-file-url";
import { Agent } from "../agent.ts";
import type { AgentClass } from "../container.ts";
import { SpawnError } from "../errors.ts";
import type { ContainerOptions } from "../container_options.ts";
import type { NamedOptions, SpawnOptions } from "./contract.ts";

/** The URLs of the modules that may be loaded, by name. */
export type NamedModules = ReadonlyMap<string, string>;

/**
 * Returns the URLs of modules by name.
 *
 * @throws {TypeError} If there are no modules, or one is neither a URL nor an
 * absolute path.
 */
export function namedModules(modules: SpawnOptions["modules"]): NamedModules {
  const named = new Map(
    Object.entries(modules ?? {}).map(([name, it]) => [name, hrefOf(it)]),
  );
  if (named.size > 0) return named;
  throw new TypeError(
    "Cannot spawn: 'modules' is empty, name those whose classes may be spawned",
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

/**
 * Loads the export called `name`, in the form `module:Export`.
 *
 * @throws {SpawnError} If `name` has another form, its module is not listed or
 * cannot be loaded, or the export does not exist.
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
  // A module namespace inherits nothing: its own names are its exports.
  if (Object.hasOwn(exported, key)) return exported[key];
  const known = Object.keys(exported).join("', '");
  throw new SpawnError(
    `Cannot load '${name}': '${href}' exports no '${key}', it has '${known}'`,
  );
}

/** The required type of an option, if it is not a function. */
const WANTED: Readonly<Record<string, string>> = {
  codec: "an object",
  middleware: "an object",
  store: "an object",
  transports: "a list",
};

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) return "an object";
  return `'${value === null ? "null" : typeof value}'`;
}

/**
 * Loads the options of a container that are given as exports.
 *
 * @throws {SpawnError} If an export does not exist, or has another type.
 */
export async function loadOptions(
  modules: NamedModules,
  named: NamedOptions,
): Promise<Pick<ContainerOptions, keyof NamedOptions>> {
  const loaded: Record<string, unknown> = {};
  for (const [option, name] of Object.entries(named)) {
    const value = loaded[option] = await loadExport(modules, name!);
    const wanted = WANTED[option] ?? "a function";
    if (kindOf(value) === wanted) continue;
    throw new SpawnError(
      `Cannot use '${name}' as '${option}': it is ${
        kindOf(value)
      }, export ${wanted}`,
    );
  }
  return loaded;
}

/**
 * Loads a class of agents, in the form `module:Class`.
 *
 * @throws {SpawnError} If the name does not lead to a class of agents.
 */
export async function loadAgentClass(
  modules: NamedModules,
  name: string,
): Promise<AgentClass<Agent, unknown[]>> {
  const type = await loadExport(modules, String(name));
  if (isAgentClass(type)) return type;
  throw new SpawnError(
    `Cannot spawn '${name}': it is not a class that extends 'Agent' of this copy of denomas`,
  );
}

function isAgentClass(value: unknown): value is AgentClass<Agent, unknown[]> {
  return typeof value === "function" && value.prototype instanceof Agent;
}

/**
 * Loads a module.
 *
 * @throws {SpawnError} If the module cannot be loaded.
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
