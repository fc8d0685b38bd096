import { isReservedName } from "./reserved_names.ts";

/** How an exposed method is served. */
export interface ExposeOptions {
  /**
   * Schemas of the arguments, by position. An argument that does not fit is a
   * `ValidationError`, and the method is not run. Without one, nothing is
   * checked.
   */
  readonly args?: readonly StandardSchema[] | undefined;
  /** Schema of the result. */
  readonly result?: StandardSchema | undefined;
  /**
   * Whether running it twice does no more than running it once. Only such a
   * call is sent again after a connection was lost.
   *
   * @default {false}
   */
  readonly idempotent?: boolean | undefined;
}

/** What a decorator of a method or field is told, as far as it matters here. */
export interface ExposeContext {
  /** What is decorated. */
  readonly kind: string;
  /** Its name. */
  readonly name: string | symbol;
  /** Whether it belongs to the class itself. */
  readonly static: boolean;
  /** Whether its name begins with `#`. */
  readonly private: boolean;
  /** What the class's decorators share. */
  readonly metadata: DecoratorMetadataObject;
}

/** What {@linkcode expose} leaves in a class's metadata. */
export type Exposures = Map<string, ExposeOptions>;

const EXPOSURES: unique symbol = Symbol("denomas.exposures");

const NO_OPTIONS: ExposeOptions = {};

/**
 * Marks a method, or a field that holds a sub-service, as callable by the
 * other side. Nothing is reachable without it. An override in a subclass needs
 * a mark of its own.
 *
 * ```ts
 * import { expose, openConnection, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Adder {
 *   @expose
 *   add(a: number, b: number): number {
 *     return a + b;
 *   }
 * }
 *
 * await using server = await startServer("local://expose", new Adder());
 * await using client = await openConnection<Adder>(server.address);
 * assertEquals(await client.remote.add(1, 2), 3);
 * ```
 *
 * @throws {TypeError} At class definition, for what is private, static, named
 * by a symbol, a getter or a setter; for names that hold `/` or begin with `$`
 * or `@@`; and for names that every function or object has, such as `name`,
 * `call` and `toString`, or that tools look up, such as `toJSON`.
 */
export function expose(target: unknown, context: ExposeContext): void;
/** Marks it, with schemas or other options. */
export function expose(
  options: ExposeOptions,
): (target: unknown, context: ExposeContext) => void;
export function expose(
  first: unknown,
  context?: ExposeContext,
): void | ((target: unknown, context: ExposeContext) => void) {
  if (context !== undefined) return mark(first, context, NO_OPTIONS);
  return (target, context) =>
    mark(target, context, (first ?? NO_OPTIONS) as ExposeOptions);
}

const functionOptions = new WeakMap<object, ExposeOptions>();

/**
 * Remembers how an exposed function is served, which holds however the other
 * side comes to call it.
 */
export function rememberOptions(
  method: unknown,
  options: ExposeOptions,
): void {
  if (typeof method === "function") functionOptions.set(method, options);
}

/** How a function is served that is passed by itself. */
export function optionsOf(method: object): ExposeOptions {
  return functionOptions.get(method) ?? NO_OPTIONS;
}

/** What a class itself exposes, without its ancestors. */
export function ownExposures(type: object): Exposures | undefined {
  if (!Object.hasOwn(type, Symbol.metadata)) return undefined;
  const metadata =
    (type as { [Symbol.metadata]?: object | null })[Symbol.metadata];
  if (metadata == null || !Object.hasOwn(metadata, EXPOSURES)) return undefined;
  return (metadata as { [EXPOSURES]?: Exposures })[EXPOSURES];
}

/**
 * Checks a name that shall be part of a path.
 *
 * @throws {TypeError} If it holds `/`, begins with `$` or `@@`, is empty, or is
 * one that every function or object has.
 */
export function checkName(name: string): void {
  if (name === "" || name.includes("/") || /^(?:\$|@@)/.test(name)) {
    throw new TypeError(
      `Cannot expose '${name}': a name must not be empty, hold '/' or begin with '$' or '@@', rename it`,
    );
  }
  if (isReservedName(name)) {
    throw new TypeError(
      `Cannot expose '${name}': the language or tools look this name up in any value, so proxies answer to it themselves, rename it`,
    );
  }
}

function mark(
  target: unknown,
  context: ExposeContext,
  options: ExposeOptions,
): void {
  const { kind, name } = context;
  const what = context.private
    ? "is private"
    : context.static
    ? "is static"
    : typeof name === "symbol"
    ? "is named by a symbol"
    : kind !== "method" && kind !== "field"
    ? `is ${kind === "accessor" ? "an" : "a"} ${kind}`
    : null;
  if (what !== null) {
    throw new TypeError(
      `Cannot expose '${
        String(name)
      }': it ${what}, expose methods, and fields that hold a service`,
    );
  }
  checkName(name as string);
  rememberOptions(target, options);
  exposuresIn(context.metadata).set(name as string, options);
}

function exposuresIn(metadata: object): Exposures {
  if (!Object.hasOwn(metadata, EXPOSURES)) {
    Object.defineProperty(metadata, EXPOSURES, { value: new Map() });
  }
  return (metadata as { [EXPOSURES]: Exposures })[EXPOSURES];
}

/**
 * The part of the Standard Schema interface, version 1, that is used here.
 * Schemas of zod, valibot, arktype and others have it:
 * {@link https://standardschema.dev}.
 */
export interface StandardSchema<Output = unknown> {
  /** Everything of the interface is in here. */
  readonly "~standard": {
    /** The version of the interface. */
    readonly version: 1;
    /** Who made the schema. */
    readonly vendor: string;
    /** Checks a value, and may change it. */
    readonly validate: (
      value: unknown,
    ) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
  };
}

/** What a schema says of a value. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** What a schema found wrong. */
export interface SchemaIssue {
  /** What, in words. */
  readonly message: string;
  /** Where in the value. */
  readonly path?:
    | readonly (PropertyKey | { readonly key: PropertyKey })[]
    | undefined;
}
