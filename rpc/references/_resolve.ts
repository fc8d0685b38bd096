import { type CallQueue, queueOf } from "../service/call_queue.ts";
import { type ExposeOptions, optionsOf } from "../service/expose.ts";
import {
  type Method,
  Router,
  routesOf,
  subService,
} from "../service/service.ts";

/** A method, and the service that it is called on. */
export interface Target {
  readonly service: object | undefined;
  readonly method: Method;
  readonly options: ExposeOptions;
  /** Decides when the method runs; `null` if it runs at once. */
  readonly queue: CallQueue | null;
}

/**
 * Returns the method at `path` below `root`, or `null`. Parts of a path are
 * joined by `/`. Only exposed names are found; other own or inherited members
 * of a service are not.
 */
export function resolveMethod(root: object, path: string): Target | null {
  const slash = path.lastIndexOf("/");
  const found = slash === -1
    ? { service: root, queue: queueOf(root) }
    : walk(root, path.slice(0, slash));
  if (found === null) return null;
  const { service, queue } = found;
  const name = path.slice(slash + 1);
  const route = routesOf(service).get(name);
  if (route === undefined) return null;
  const { method, options } = route.method === null
    ? fieldMethod(service, name)
    : route;
  return method === null ? null : { service, method, options, queue };
}

/** Returns the function that an exposed field holds, or `null`. */
function fieldMethod(service: object, name: string) {
  const value: unknown = Object.getOwnPropertyDescriptor(service, name)?.value;
  const method = typeof value === "function" ? value as Method : null;
  return { method, options: method === null ? {} : optionsOf(method) };
}

/**
 * Returns the service at `path` below `root`, or `null`.
 *
 * @throws {Error} The error of a router for a child that is missing.
 */
export function resolveService(root: object, path: string): object | null {
  return walk(root, path)?.service ?? null;
}

/** Returns the service at `path`, and the nearest queue at or above it. */
function walk(
  root: object,
  path: string,
): { readonly service: object; readonly queue: CallQueue | null } | null {
  let service = root;
  let queue = queueOf(root);
  // Without splitting: a peer may send a path of a million parts.
  for (let start = 0; start <= path.length;) {
    const slash = path.indexOf("/", start);
    const end = slash === -1 ? path.length : slash;
    const name = path.slice(start, end);
    const child = subService(service, name);
    if (child === undefined) return missing(service, name);
    service = child;
    queue = queueOf(child) ?? queue;
    start = end + 1;
  }
  return { service, queue };
}

function missing(parent: object, name: string): null {
  const error = parent instanceof Router ? parent.errorFor(name) : null;
  if (error === null) return null;
  throw error;
}

/**
 * Returns the shortest path of `service` below `root`, or `null` if it is not
 * there. Services below the children of a router are not found: a router may
 * have very many children.
 */
export function pathOf(root: object, service: object): string | null {
  if (root === service) return "";
  // Services may reference each other, so each is searched only once.
  const seen = new Set<object>([root]);
  const pending: [service: object, prefix: string][] = [[root, ""]];
  for (const [parent, prefix] of pending) {
    if (parent instanceof Router) {
      const name = parent.nameOf(service);
      if (name !== undefined) return prefix + name;
      continue;
    }
    for (const name of routesOf(parent).keys()) {
      const child = subService(parent, name);
      if (child === service) return prefix + name;
      if (child === undefined || seen.has(child)) continue;
      seen.add(child);
      pending.push([child, `${prefix}${name}/`]);
    }
  }
  return null;
}
