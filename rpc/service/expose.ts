import type { Guard } from "../call.ts";
import { checkSchemas } from "./_check_schemas.ts";
import { isReservedName } from "../reserved_names.ts";
import type {
  ArgumentSchemas,
  ErrorSchemas,
  HandlerResult,
  OutputOf,
  Outputs,
  StandardSchema,
} from "./schemas.ts";

/**
 * Options of an exposed method, for {@linkcode expose} and {@linkcode method}.
 */
export interface ExposeOptions {
  /**
   * The schemas of the arguments, by position; use `{ items: schema }` for a
   * stream. If an argument does not fit, the call fails with a
   * `ValidationError` and the method does not run. An item that does not fit
   * ends its stream with that error.
   *
   * @default {arguments are not checked}
   */
  readonly args?: ArgumentSchemas | undefined;
  /**
   * The schema of each argument beyond `args`. Without it, there must be none.
   */
  readonly rest?: StandardSchema | undefined;
  /** The schema of the result. */
  readonly result?: StandardSchema | undefined;
  /** The schema of each item, if the result is a stream. */
  readonly items?: StandardSchema | undefined;
  /**
   * The errors that the method declares for its callers: for each code of a
   * `ServiceError` the schema of its data, or `null` if it has no data. Callers
   * narrow them with `isRemoteError`, if the method was created by
   * {@linkcode method}. Other errors may be thrown, too.
   *
   * @default {none}
   */
  readonly errors?: ErrorSchemas | undefined;
  /** Guards that run before the schemas are checked, in this order. */
  readonly use?: readonly Guard[] | undefined;
  /**
   * Whether running the method twice has the same effect as running it once.
   * After a connection was lost, a call that may have run is repeated only if
   * this is set.
   *
   * @default {false}
   */
  readonly idempotent?: boolean | undefined;
  /**
   * Whether byte arguments may be views of the connection's read buffer. They
   * are valid only until the method returns: it must not keep a view, and must
   * return its result synchronously, not as a promise or stream. This saves a
   * copy of large bytes. Bytes are still copied where borrowing is unsafe:
   * inside other arguments, with guards, schemas or middleware, for calls with
   * a deadline, and in agents.
   *
   * @default {false}
   */
  readonly borrowsBytes?: boolean | undefined;
  /**
   * Whether the method of an agent runs at once, concurrently with its other
   * methods, instead of in turn. Use it for methods that only read, or that
   * wait for a long time. Other services have no turns.
   *
   * @default {false}
   */
  readonly concurrent?: boolean | undefined;
}

/**
 * The part of a decorator context that {@linkcode expose} uses. Its types allow
 * only members that can be exposed.
 */
export interface ExposeContext {
  /** Classes, accessors, getters and setters cannot be exposed. */
  readonly kind: "method" | "field";
  /** The name of the member, which is not a symbol. */
  readonly name: string;
  /** Static members cannot be exposed. */
  readonly static: false;
  /** Members whose names begin with `#` cannot be exposed. */
  readonly private: false;
  /** An object that all decorators of the class share. */
  readonly metadata?: object | undefined;
}

/** An exposed member of a class. */
export interface Exposure {
  readonly isMethod: boolean;
  readonly options: ExposeOptions;
}

/** The exposed members of a class. */
export type Exposures = Map<string, Exposure>;

/** The members that each class itself exposes, by the metadata of the class. */
const exposures = new WeakMap<object, Exposures>();

const NO_OPTIONS: ExposeOptions = {};

/**
 * Exposes a method, or a field that holds a sub-service, to the other side.
 * Other members are not reachable. An override in a subclass must be exposed
 * again.
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
 * Exposing a private or static member, a getter, a setter, or a member named by
 * a symbol is a compile error.
 *
 * @throws {TypeError} At class definition, for the same members; for names that
 * contain `/` or begin with `$` or `@@`; and for names that every function or
 * object has, such as `name`, `call` and `toString`, or that tools look up,
 * such as `toJSON`.
 */
export function expose(target: unknown, context: ExposeContext): void;
/**
 * Exposes a member with schemas or other options. It is a compile error if the
 * parameters or the result of a method do not fit its schemas.
 *
 * @throws {TypeError} If a schema is not one.
 */
export function expose<
  const Args extends ArgumentSchemas | undefined = undefined,
  Rest extends StandardSchema | undefined = undefined,
  Result extends StandardSchema | undefined = undefined,
  Items extends StandardSchema | undefined = undefined,
>(
  options: ExposeOptions & {
    readonly args?: Args;
    readonly rest?: Rest;
    readonly result?: Result;
    readonly items?: Items;
  },
): (
  target: ExposeTarget<Args, Rest, Result, Items>,
  context: ExposeContext,
) => void;
export function expose(
  first: unknown,
  context?: ExposeContext,
  // deno-lint-ignore no-explicit-any -- the overloads have the types
): any {
  if (context !== undefined) return mark(first, context, NO_OPTIONS);
  const options = (first ?? NO_OPTIONS) as ExposeOptions;
  checkSchemas(options, "expose a member");
  return (target: unknown, context: ExposeContext) =>
    mark(target, context, options);
}

const functionOptions = new WeakMap<object, ExposeOptions>();

/**
 * Stores the options of an exposed function. They also apply if the function is
 * called by reference.
 */
export function rememberOptions(
  method: unknown,
  options: ExposeOptions,
): void {
  if (typeof method === "function") functionOptions.set(method, options);
}

/** Returns the options of a function that is passed by reference. */
export function optionsOf(method: object): ExposeOptions {
  return functionOptions.get(method) ?? NO_OPTIONS;
}

/**
 * Returns the members that a class itself exposes, without its base classes.
 */
export function ownExposures(type: object): Exposures | undefined {
  // Browsers lack `Symbol.metadata`; compilers then use the registered symbol.
  const key = Symbol.metadata ?? Symbol.for("Symbol.metadata");
  if (!Object.hasOwn(type, key)) return undefined;
  const metadata = Reflect.get(type, key) as object | null | undefined;
  return metadata ? exposures.get(metadata) : undefined;
}

/**
 * Checks a name that will be part of a path.
 *
 * @throws {TypeError} If it contains `/`, begins with `$` or `@@`, is empty, or
 * is reserved.
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
  const { kind } = context;
  // Contrary to the specification, a name such as `5` arrives as a number.
  const name = typeof context.name === "symbol"
    ? context.name
    : String(context.name);
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
  if (context.metadata === undefined) {
    throw new TypeError(
      `Cannot expose '${
        String(name)
      }': decorators have no metadata here, use 'service' or a polyfill of 'Symbol.metadata'`,
    );
  }
  rememberOptions(target, options);
  const own: Exposures = exposures.get(context.metadata) ?? new Map();
  own.set(name as string, { isMethod: kind === "method", options });
  exposures.set(context.metadata, own);
}

/** The members that schemas can apply to: fields, and methods that fit them. */
export type ExposeTarget<Args, Rest, Result, Items> =
  | undefined
  | ((
    ...args: Args extends ArgumentSchemas ? [
        ...Outputs<Args>,
        ...(Rest extends StandardSchema ? OutputOf<Rest>[] : []),
      ]
      // deno-lint-ignore no-explicit-any -- without schemas any method fits
      : any
  ) => HandlerResult<unknown, Result, Items>);
