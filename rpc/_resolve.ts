import type { ExposeOptions } from "./expose.ts";
import { type Method, Router, routesOf, subService } from "./service.ts";

/** A method and what it is called on. */
export interface Target {
  readonly service: object | undefined;
  readonly method: Method;
  readonly options: ExposeOptions;
}

/**
 * Finds the method at `path`, whose parts are joined by `/`, below `root`.
 * Only exposed names are seen: what a service inherits, holds or hides
 * otherwise does not exist here. Returns `null` if there is none.
 */
export function resolveMethod(root: object, path: string): Target | null {
  const slash = path.lastIndexOf("/");
  const service = slash === -1
    ? root
    : resolveService(root, path.slice(0, slash));
  if (service === null) return null;
  const route = routesOf(service).get(path.slice(slash + 1));
  if (route?.kind !== "method") return null;
  return { service, method: route.method, options: route.options };
}

/** The service at `path` below `root`, or `null`. */
export function resolveService(root: object, path: string): object | null {
  let service: object | undefined = root;
  for (const name of path.split("/")) {
    service = subService(service, name);
    if (service === undefined) return null;
  }
  return service;
}

/** How deep {@linkcode pathOf} looks. */
const MAX_DEPTH = 8;

/** The path of `service` below `root`, or `null` if it is not there. */
export function pathOf(root: object, service: object): string | null {
  if (root === service) return "";
  return search(root, service, "", MAX_DEPTH);
}

/** Children of a router are found by name, since they may be very many. */
function search(
  parent: object,
  wanted: object,
  prefix: string,
  depth: number,
): string | null {
  if (parent instanceof Router) {
    const name = parent.nameOf(wanted);
    return name === undefined ? null : prefix + name;
  }
  if (depth === 0) return null;
  for (const [name, route] of routesOf(parent)) {
    if (route.kind !== "field") continue;
    const child = subService(parent, name);
    if (child === undefined) continue;
    if (child === wanted) return prefix + name;
    const found = search(child, wanted, `${prefix}${name}/`, depth - 1);
    if (found !== null) return found;
  }
  return null;
}
