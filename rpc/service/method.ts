import { type Call, currentCall, type Guard } from "../call.ts";
import {
  type Declared,
  type ErrorMakers,
  errorMakers,
} from "./declared_errors.ts";
import { checkSchemas } from "./_check_schemas.ts";
import { type ExposeOptions, rememberOptions } from "./expose.ts";
import type {
  ArgumentSchemas,
  ErrorSchemas,
  HandlerResult,
  InputOf,
  OutputOf,
  Outputs,
  StandardSchema,
} from "./schemas.ts";
import type { AnyFunction } from "../remote.ts";

/** Options for {@linkcode method}, with the types of the schemas. */
export interface MethodOptions<
  Args extends ArgumentSchemas,
  Rest extends StandardSchema | undefined,
  Result extends StandardSchema | undefined,
  Items extends StandardSchema | undefined,
  Errors extends ErrorSchemas | undefined,
  Guards extends readonly Guard[],
> extends ExposeOptions {
  readonly args: Args;
  readonly rest?: Rest;
  readonly result?: Result;
  readonly items?: Items;
  readonly errors?: Errors;
  readonly use?: Guards;
}

/** The arguments that a caller passes: trailing ones may be optional. */
export type CallerArgs<Args, Rest> = [
  ...FixedCallerArgs<Args>,
  ...(Rest extends StandardSchema ? InputOf<Rest>[] : []),
];

/** The arguments with a fixed position. */
export type FixedCallerArgs<Args> = Args extends
  readonly [...infer Before, infer Last]
  ? undefined extends InputOf<Last>
    ? [...FixedCallerArgs<Before>, InputOf<Last>?]
  : { -readonly [K in keyof Args]: InputOf<Args[K]> }
  : [];

/** The arguments that a handler gets: the checked arguments, and the call. */
export type HandlerArgs<Args extends ArgumentSchemas, Rest, Errors, Guards> = [
  ...Outputs<Args>,
  ...(Rest extends StandardSchema ? [rest: OutputOf<Rest>[]] : []),
  call: HandlerCall<Errors, Guards>,
];

/**
 * The call that a method serves, with functions in `errors` that create its
 * declared errors.
 */
export type HandlerCall<Errors, Guards> =
  & Call<ContextOf<Guards>, IdentityOf<Guards>>
  & (Errors extends ErrorSchemas ? { readonly errors: ErrorMakers<Errors> }
    : unknown);

/** The intersection of the contexts that all guards add. */
export type ContextOf<Guards> = Guards extends
  readonly [infer First, ...infer Others] ? Added<First> & ContextOf<Others>
  : unknown;

/** The intersection of the identities that all guards expect. */
export type IdentityOf<Guards> = Guards extends
  readonly [infer First, ...infer Others] ? Expected<First> & IdentityOf<Others>
  : unknown;

/** The identity that one guard expects. */
export type Expected<G> = G extends (call: infer C) => unknown
  ? C extends { readonly identity: infer Identity } ? Identity : unknown
  : unknown;

/** The context that one guard adds. */
export type Added<G> = G extends (...args: never) => infer R
  ? Awaited<R> extends object ? Awaited<R> : unknown
  : unknown;

/** The result type for a caller, before the changes that a connection makes. */
export type CallerResult<R, Result, Items> = Items extends StandardSchema
  ? AsyncIterable<OutputOf<Items>>
  : Result extends StandardSchema ? OutputOf<Result>
  : R;

/** Replaces the call when this side calls a method directly, as tests do. */
const OWN_CALL = Object.freeze({ errors: errorMakers });

/** Creates methods that run the `Given` guards first. */
export interface MethodMaker<Given extends readonly Guard[]> {
  /** Creates a method with the types of its schemas. */
  <
    const Args extends ArgumentSchemas,
    R = unknown,
    Rest extends StandardSchema | undefined = undefined,
    Result extends StandardSchema | undefined = undefined,
    Items extends StandardSchema | undefined = undefined,
    Errors extends ErrorSchemas | undefined = undefined,
    const Guards extends readonly Guard[] = [],
  >(
    options: MethodOptions<Args, Rest, Result, Items, Errors, Guards>,
    handler: (
      ...args: HandlerArgs<Args, Rest, Errors, readonly [...Given, ...Guards]>
    ) => HandlerResult<R, Result, Items>,
  ):
    & ((...args: CallerArgs<Args, Rest>) => CallerResult<R, Result, Items>)
    & Declared<Errors>;
  /**
   * Creates a method without argument schemas: its arguments are not checked,
   * and it does not get the call.
   */
  <F extends AnyFunction, Errors extends ErrorSchemas | undefined = undefined>(
    options: ExposeOptions & {
      readonly args?: undefined;
      readonly errors?: Errors;
    },
    handler: F,
  ): F & Declared<Errors>;
}

/**
 * Creates a method whose types come from its schemas: callers pass the input
 * types, and the handler gets the output types, for example with defaults
 * filled in. After the arguments the handler gets the call, which stays valid
 * after an `await`. Arguments that match `rest` are passed as one array before
 * the call. If the method declares `errors`, `call.errors` creates them: see
 * {@linkcode isRemoteError}. If this side calls the method directly, as a test
 * does, nothing is checked, and the call has only `errors`. Throws a
 * `TypeError` if the handler is not a function, or a schema is not one.
 *
 * ```ts
 * import { method, openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 * import { z } from "npm:zod@4.6.7";
 *
 * const bakery = service({
 *   order: method(
 *     { args: [z.string(), z.number().default(1)], result: z.string() },
 *     (what, count, call) => `${count} ${what} by ${call.path}`,
 *   ),
 * });
 * await using server = await startServer("local://bakery", bakery);
 * await using client = await openConnection<typeof bakery>(server.address);
 * assertEquals(await client.remote.order("loaf"), "1 loaf by order");
 * ```
 */
export const method: MethodMaker<readonly []> = guarded();

/**
 * Returns a variant of {@linkcode method} whose methods run `guards` first. A
 * guard throws to refuse a call, or returns properties to add to the `context`
 * of the call.
 *
 * ```ts
 * import { type Call, guarded, openConnection, service, ServiceError, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * function signedIn({ identity }: Call) {
 *   if (typeof identity !== "string") {
 *     throw new ServiceError("Sign in first", { code: "unauthenticated" });
 *   }
 *   return { user: identity };
 * }
 * const personal = guarded(signedIn);
 * const desk = service({
 *   greet: personal({ args: [] }, ({ context }) => `Hello, ${context.user}`),
 * });
 *
 * await using server = await startServer("local://desk", desk, {
 *   authenticate: (credentials) => credentials ?? true,
 * });
 * const options = { credentials: "Ada" };
 * await using ada = await openConnection<typeof desk>(server.address, options);
 * assertEquals(await ada.remote.greet(), "Hello, Ada");
 * await using stranger = await openConnection<typeof desk>(server.address);
 * await assertRejects(() => stranger.remote.greet(), Error, "Sign in first");
 * ```
 */
export function guarded<const Given extends readonly Guard[]>(
  ...guards: Given
): MethodMaker<Given> {
  return ((
    options: ExposeOptions,
    handler: (...args: unknown[]) => unknown,
  ) => {
    if (typeof handler !== "function") {
      throw new TypeError(
        `Cannot make a method of '${typeof handler}': pass options, and then a function`,
      );
    }
    checkSchemas(options, "make a method");
    const { args: schemas, rest } = options;
    function served(this: unknown, ...args: unknown[]): unknown {
      if (schemas === undefined) return Reflect.apply(handler, this, args);
      const { length } = schemas;
      const given = rest === undefined
        ? args
        : [...args.slice(0, length), args.slice(length)];
      const call = currentCall() ?? OWN_CALL;
      return Reflect.apply(handler, this, [...given, call]);
    }
    const use = [...guards, ...options.use ?? []];
    rememberOptions(served, use.length > 0 ? { ...options, use } : options);
    return served;
  }) as MethodMaker<Given>;
}
