import {
  checkName,
  type ExposeOptions,
  type Exposures,
  ownExposures,
  rememberOptions,
} from "./expose.ts";

/** One exposed name of a service. */
export type Route =
  | {
    readonly kind: "method";
    readonly method: Method;
    readonly options: ExposeOptions;
  }
  | { readonly kind: "field" };

/** A function that serves calls. */
// deno-lint-ignore no-explicit-any -- whatever arguments the peer sends
export type Method = (this: any, ...args: any[]) => unknown;

/** The exposed names of a class or of a plain service. */
export type Routes = ReadonlyMap<string, Route>;

const NO_ROUTES: Routes = new Map();
const NO_OPTIONS: ExposeOptions = {};

const classRoutes = new WeakMap<object, Routes>();
const plainRoutes = new WeakMap<object, Routes>();

/** What {@linkcode service} takes: functions and services by name. */
export type ServiceDefinition = Readonly<Record<string, unknown>>;

/** Options of the methods of a plain service, by name. */
export type ServiceOptions<T> = {
  readonly [K in keyof T]?: ExposeOptions | undefined;
};

/**
 * Makes a service of plain functions and other services, all of them exposed.
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
 * @throws {TypeError} If something in it is neither a function nor a service,
 * or has a name that cannot be part of a path.
 */
export function service<T extends ServiceDefinition>(
  definition: T,
  options: ServiceOptions<T> = {},
): T {
  const made = new PlainService();
  const routes = new Map<string, Route>();
  for (const name of Object.keys(definition)) {
    checkName(name);
    const value = definition[name];
    routes.set(name, routeTo(name, value, own(options, name)));
    Object.defineProperty(made, name, { value, enumerable: true });
  }
  plainRoutes.set(made, routes);
  return made as unknown as T;
}

function own<T extends object>(
  options: T,
  name: string,
): T[keyof T] | undefined {
  return Object.hasOwn(options, name) ? options[name as keyof T] : undefined;
}

/** The class of what {@linkcode service} makes; it has nothing of its own. */
class PlainService {}

function routeTo(
  name: string,
  value: unknown,
  options: ExposeOptions = NO_OPTIONS,
): Route {
  if (isService(value)) return { kind: "field" };
  if (typeof value === "function") {
    rememberOptions(value, options);
    return { kind: "method", method: value as Method, options };
  }
  throw new TypeError(
    `Cannot make a service: '${name}' is neither a function nor a service, leave it out or wrap it by 'service'`,
  );
}

/**
 * Marks a class whose instances are services even where they expose nothing,
 * as agents that only call others.
 */
export const alwaysService: unique symbol = Symbol("denomas.alwaysService");

/** Whether something exposes at least one name, or could. */
export function isService(value: unknown): value is object {
  return typeof value === "object" && value !== null &&
    (value instanceof Router || alwaysService in value ||
      routesOf(value).size > 0);
}

/** The exposed names of `service`; none for anything else. */
export function routesOf(service: object): Routes {
  return plainRoutes.get(service) ?? routesOfClass(service.constructor);
}

/**
 * A class's exposed names. They are gathered from the most general class to
 * the most special one, each of which hides what it overrides: a method that
 * is overridden without a mark is not reachable.
 */
function routesOfClass(type: unknown): Routes {
  if (typeof type !== "function") return NO_ROUTES;
  const known = classRoutes.get(type);
  if (known !== undefined) return known;
  const routes = new Map<string, Route>(
    routesOfClass(Object.getPrototypeOf(type)),
  );
  const exposures: Exposures = ownExposures(type) ?? new Map();
  const prototype: unknown = type.prototype;
  const own = typeof prototype === "object" && prototype !== null
    ? Object.getOwnPropertyDescriptors(prototype)
    : {};
  for (const name of Object.keys(own)) routes.delete(name);
  for (const [name, options] of exposures) {
    const method: unknown = Object.hasOwn(own, name)
      ? own[name]!.value
      : undefined;
    rememberOptions(method, options);
    routes.set(
      name,
      typeof method === "function"
        ? { kind: "method", method: method as Method, options }
        : { kind: "field" },
    );
  }
  classRoutes.set(type, routes);
  return routes;
}

/** Options for a {@linkcode Router}. */
export interface RouterOptions {
  /**
   * Makes the error that a call below a missing child fails with.
   *
   * @default {a `MethodNotFoundError`}
   */
  readonly missing?: ((name: string) => Error) | undefined;
}

/**
 * A service whose children come and go while it serves, such as the agents of
 * a container.
 *
 * @typeParam T What its children are.
 */
export class Router<T extends object = object> {
  readonly #children = new Map<string, T>();
  readonly #names = new Map<object, string>();
  readonly #missing: ((name: string) => Error) | undefined;

  /** Makes an empty one. */
  constructor({ missing }: RouterOptions = {}) {
    this.#missing = missing;
  }

  /**
   * Puts `child` at `name`, in the place of what was there.
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

  /** The child at `name`. */
  get(name: string): T | undefined {
    return this.#children.get(name);
  }

  /** The name of `child`, the last one if it has several. */
  nameOf(child: object): string | undefined {
    return this.#names.get(child);
  }

  /** The children by name, in the order in which they came. */
  get children(): ReadonlyMap<string, T> {
    return this.#children;
  }

  /** What a call below `name` fails with, where there is no such child. */
  errorFor(name: string): Error | null {
    return this.#missing?.(name) ?? null;
  }

  /** Takes the child at `name` out; tells whether there was one. */
  delete(name: string): boolean {
    const child = this.#children.get(name);
    if (child === undefined) return false;
    if (this.#names.get(child) === name) this.#names.delete(child);
    return this.#children.delete(name);
  }
}

/** The sub-service of `parent` at `name`, if it is exposed. */
export function subService(parent: object, name: string): object | undefined {
  if (parent instanceof Router) return parent.get(name);
  if (routesOf(parent).get(name)?.kind !== "field") return undefined;
  if (!Object.hasOwn(parent, name)) return undefined;
  const child = (parent as Record<string, unknown>)[name];
  return isService(child) ? child : undefined;
}
