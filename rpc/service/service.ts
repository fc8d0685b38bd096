import { printable } from "../../transports/printable.ts";
import type { HasChildren, routed } from "../remote.ts";
import {
  checkName,
  type ExposeOptions,
  optionsOf,
  ownExposures,
} from "./expose.ts";

/** A function that serves calls. */
// deno-lint-ignore no-explicit-any -- whatever arguments the peer sends
export type Method = (this: any, ...args: any[]) => unknown;

/** An exposed name of a service. */
export interface Route {
  /** The method; `null` for a field that holds a sub-service. */
  readonly method: Method | null;
  readonly options: ExposeOptions;
}

/** The exposed names of a class or of a plain service. */
export type Routes = ReadonlyMap<string, Route>;

const NO_ROUTES: Routes = new Map();
const FIELD: Route = { method: null, options: {} };

const classRoutes = new WeakMap<object, Routes>();
const plainRoutes = new WeakMap<object, Routes>();

/** The argument of {@linkcode service}: functions and services by name. */
export type ServiceDefinition = Readonly<Record<string, unknown>>;

/**
 * Creates a service from functions and other services. All of them are exposed.
 *
 * ```ts
 * import { openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * const adder = service({
 *   add: (a: number, b: number) => a + b,
 *   nested: service({ negate: (a: number) => -a }),
 * });
 * await using server = await startServer("local://service", adder);
 * await using client = await openConnection<typeof adder>(server.address);
 * assertEquals(await client.remote.add(1, 2), 3);
 * assertEquals(await client.remote.nested.negate(3), -3);
 * ```
 *
 * @throws {TypeError} If a value in it is neither a function nor a service, or
 * a name cannot be part of a path.
 */
export function service<T extends ServiceDefinition>(definition: T): T {
  const made = new PlainService();
  const routes = new Map<string, Route>();
  for (const [name, value] of Object.entries(definition)) {
    checkName(name);
    routes.set(name, routeTo(name, value));
    Object.defineProperty(made, name, { value, enumerable: true });
  }
  plainRoutes.set(made, routes);
  return made as unknown as T;
}

/** The class of the services that {@linkcode service} creates. */
class PlainService {}

function routeTo(name: string, value: unknown): Route {
  if (isService(value)) return FIELD;
  if (typeof value === "function") {
    return { method: value as Method, options: optionsOf(value) };
  }
  throw new TypeError(
    `Cannot make a service: '${name}' is neither a function nor a service, leave it out or wrap it by 'service'`,
  );
}

/**
 * Marks a class whose instances count as services even if they expose nothing,
 * such as agents that only call others.
 */
export const alwaysService: unique symbol = Symbol("denomas.alwaysService");

/**
 * Returns whether a value is a service: it exposes at least one name, or is a
 * router or marked as `alwaysService`.
 */
export function isService(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    (value instanceof Router || alwaysService in value ||
      routesOf(value).size > 0);
}

/**
 * Refuses a class where an instance, or a function that creates one, is needed.
 *
 * @throws {TypeError} If `service` is a class.
 */
export function refuseClass(service: object): void {
  const prototype = Object.getOwnPropertyDescriptor(service, "prototype");
  // Unlike that of a function, the prototype of a class cannot be replaced.
  if (typeof service !== "function" || prototype?.writable !== false) return;
  const name = printable(service.name);
  throw new TypeError(
    `Cannot serve: '${name}' is a class, pass an instance, as in 'new ${name}()'`,
  );
}

/**
 * Returns the exposed names of `service`; an empty map if it is not a service.
 */
export function routesOf(service: object): Routes {
  return plainRoutes.get(service) ?? routesOfClass(service.constructor);
}

/**
 * Returns the exposed names of a class. They are collected from the base class
 * down, and each class hides the names that it overrides: an override without
 * `@expose` is not reachable.
 */
function routesOfClass(type: unknown): Routes {
  if (typeof type !== "function") return NO_ROUTES;
  const known = classRoutes.get(type);
  if (known !== undefined) return known;
  const routes = new Map(routesOfClass(Object.getPrototypeOf(type)));
  const prototype: unknown = type.prototype;
  const members = typeof prototype === "object" && prototype !== null
    ? new Map(Object.entries(Object.getOwnPropertyDescriptors(prototype)))
    : new Map<string, PropertyDescriptor>();
  for (const name of members.keys()) routes.delete(name);
  for (const [name, { isMethod, options }] of ownExposures(type) ?? []) {
    // A class decorator may have replaced the class by a subclass, which
    // inherits the method.
    const method: unknown = isMethod && Reflect.get(prototype as object, name);
    routes.set(
      name,
      typeof method === "function"
        ? { method: method as Method, options }
        : FIELD,
    );
  }
  classRoutes.set(type, routes);
  return routes;
}

/** Options for a {@linkcode Router}. */
export interface RouterOptions {
  /**
   * Creates the error for a call to a missing child.
   *
   * @default {a `MethodNotFoundError`}
   */
  readonly missing?: ((name: string) => Error) | undefined;
}

/**
 * A service whose children can be added and removed while it is served, such as
 * the agents of a container.
 *
 * @typeParam T The type of the children.
 */
export class Router<T extends object = object> implements HasChildren<T> {
  /** Exists only in types. */
  declare readonly [routed]?: T;
  readonly #children = new Map<string, T>();
  readonly #names = new Map<object, string>();
  readonly #missing: ((name: string) => Error) | undefined;

  /** Creates a router without children. */
  constructor({ missing }: RouterOptions = {}) {
    this.#missing = missing;
  }

  /**
   * Adds `child` at `name`, replacing a previous child.
   *
   * @throws {TypeError} If `child` exposes nothing, or `name` cannot be part of
   * a path.
   */
  set(name: string, child: T): void {
    checkName(name);
    if (!isService(child)) {
      throw new TypeError(
        `Cannot add '${name}': it is no service, mark what it shall expose with 'expose'`,
      );
    }
    this.delete(name);
    this.#children.set(name, child);
    this.#names.set(child, name);
  }

  /** Returns the child at `name`. */
  get(name: string): T | undefined {
    return this.#children.get(name);
  }

  /**
   * Returns the name of `child`, or the last one if it was added several times.
   */
  nameOf(child: object): string | undefined {
    return this.#names.get(child);
  }

  /** The children by name, in the order in which they were added. */
  get children(): ReadonlyMap<string, T> {
    return this.#children;
  }

  /**
   * Returns the error for a call to the missing child `name`, or `null` for the
   * default.
   */
  errorFor(name: string): Error | null {
    return this.#missing?.(name) ?? null;
  }

  /** Removes the child at `name`. Returns whether it existed. */
  delete(name: string): boolean {
    const child = this.#children.get(name);
    if (child === undefined) return false;
    if (this.#names.get(child) === name) this.#names.delete(child);
    return this.#children.delete(name);
  }
}

/** Returns the sub-service of `parent` at `name`, if it is exposed. */
export function subService(parent: object, name: string): object | undefined {
  if (parent instanceof Router) return parent.get(name);
  if (routesOf(parent).get(name)?.method !== null) return undefined;
  if (!Object.hasOwn(parent, name)) return undefined;
  const child = (parent as Record<string, unknown>)[name];
  return isService(child) ? child : undefined;
}
