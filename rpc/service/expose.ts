import type { Guard } from "../call.ts";
import { isReservedName } from "../reserved_names.ts";
import type {
  ArgumentSchemas,
  ErrorSchemas,
  HandlerResult,
  OutputOf,
  Outputs,
  StandardSchema,
} from "./schemas.ts";

/** How an exposed method is served. */
export interface ExposeOptions {
  /**
   * Schemas of the arguments, by position, and `{ items: schema }` for a stream.
   * If an argument does not fit, the call fails with a `ValidationError` and the
   * method is not run. An item that does not fit ends its stream with that error.
   *
   * @default {arguments are not checked}
   */
  readonly args?: ArgumentSchemas | undefined;
  /** Schema of each argument beyond `args`. Without it there may be none. */
  readonly rest?: StandardSchema | undefined;
  /** Schema of the result. */
  readonly result?: StandardSchema | undefined;
  /** Schema of each item of the stream that is the result. */
  readonly items?: StandardSchema | undefined;
  /**
   * The errors that callers are told with typed data: the schema of the data by
   * the code of a `ServiceError`, and `null` for one without data. Callers narrow
   * them with `isRemoteError`, if {@linkcode method} has made the method. Other
   * errors may be thrown, too.
   *
   * @default {none}
   */
  readonly errors?: ErrorSchemas | undefined;
  /** Run before the schemas, in this order. */
  readonly use?: readonly Guard[] | undefined;
  /**
   * Whether running the method twice has the same effect as running it once.
   * Only such a call is repeated after its connection was lost.
   *
   * @default {false}
   */
  readonly idempotent?: boolean | undefined;
  /**
   * Whether bytes that are arguments may be views of what was read from the
   * connection. They are valid only until the method returns: it must keep no
   * view, and return its result at once, no promise and no stream. Saves a copy
   * of large bytes. Where that is not safe they are copied all the same: within
   * other arguments, behind guards, schemas and middleware, for calls with a
   * deadline, and in agents.
   *
   * @default {false}
   */
  readonly borrowsBytes?: boolean | undefined;
  /**
   * Whether the method of an agent runs at once, beside its other methods, and
   * not in its turn: for what only reads, or waits for long. Other services have
   * no turns.
   *
   * @default {false}
   */
  readonly concurrent?: boolean | undefined;
}

/**
 * The part of a decorator context that {@linkcode expose} uses, for members that
 * can be exposed.
 */
export interface ExposeContext {
  /** Accessors, getters and setters cannot be exposed, nor whole classes. */
  readonly kind: "method" | "field";
  /** The name of the member, which is not a symbol. */
  readonly name: string;
  /** Members of the class itself cannot be exposed. */
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

/** The members that classes expose themselves, by their metadata. */
const exposures = new WeakMap<object, Exposures>();

const NO_OPTIONS: ExposeOptions = {};

/**
 * Exposes a method, or a field that holds a sub-service, to the other side.
 * Nothing is reachable without it. An override in a subclass must be exposed
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
 * What is private, static, named by a symbol, a getter or a setter does not
 * compile.
 *
 * @throws {TypeError} At class definition, for the same; for names that hold
 * `/` or begin with `$` or `@@`; and for names that every function or object has,
 * such as `name`, `call` and `toString`, or that tools look up, such as `toJSON`.
 */
export function expose(target: unknown, context: ExposeContext): void;
/**
 * Exposes a member with schemas or other options. A method whose parameters or
 * result do not fit its schemas does not compile.
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
  return (target: unknown, context: ExposeContext) =>
    mark(target, context, (first ?? NO_OPTIONS) as ExposeOptions);
}

const functionOptions = new WeakMap<object, ExposeOptions>();

/**
 * Stores the options of an exposed function. They apply however the other side
 * comes to call it.
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

/** Returns the members that a class itself exposes, without its base classes. */
export function ownExposures(type: object): Exposures | undefined {
  // Browsers have no such symbol yet: compilers use the registered one then.
  const key = Symbol.metadata ?? Symbol.for("Symbol.metadata");
  if (!Object.hasOwn(type, key)) return undefined;
  const metadata = Reflect.get(type, key) as object | null | undefined;
  return metadata ? exposures.get(metadata) : undefined;
}

/**
 * Checks a name that will be part of a path.
 *
 * @throws {TypeError} If it holds `/`, begins with `$` or `@@`, is empty, or is
 * reserved.
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
  // A name such as `5` is a number, against the specification.
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

/** What schemas can be put on: fields, and methods that they fit. */
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
