import { type Call, currentCall, type Guard } from "../call.ts";
import {
  type Declared,
  type ErrorMakers,
  errorMakers,
} from "./declared_errors.ts";
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

/** How a method is served, and which types its schemas give it. */
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

/** The arguments that have a position. */
export type FixedCallerArgs<Args> = Args extends
  readonly [...infer Before, infer Last]
  ? undefined extends InputOf<Last>
    ? [...FixedCallerArgs<Before>, InputOf<Last>?]
  : { -readonly [K in keyof Args]: InputOf<Args[K]> }
  : [];

/** The arguments that a method gets: checked ones, and the call. */
export type HandlerArgs<Args extends ArgumentSchemas, Rest, Errors, Guards> = [
  ...Outputs<Args>,
  ...(Rest extends StandardSchema ? [rest: OutputOf<Rest>[]] : []),
  call: HandlerCall<Errors, Guards>,
];

/** The call that a method serves, and `errors` that make what it declares. */
export type HandlerCall<Errors, Guards> =
  & Call<ContextOf<Guards>, IdentityOf<Guards>>
  & (Errors extends ErrorSchemas ? { readonly errors: ErrorMakers<Errors> }
    : unknown);

/** The context that guards have added, all together. */
export type ContextOf<Guards> = Guards extends
  readonly [infer First, ...infer Others] ? Added<First> & ContextOf<Others>
  : unknown;

/** The identity that guards expect, all together. */
export type IdentityOf<Guards> = Guards extends
  readonly [infer First, ...infer Others] ? Expected<First> & IdentityOf<Others>
  : unknown;

/** The identity that one guard expects. */
export type Expected<G> = G extends (call: infer C) => unknown
  ? C extends { readonly identity: infer Identity } ? Identity : unknown
  : unknown;

/** What one guard adds. */
export type Added<G> = G extends (...args: never) => infer R
  ? Awaited<R> extends object ? Awaited<R> : unknown
  : unknown;

/** What a caller of the method gets, before it passes a connection. */
export type CallerResult<R, Result, Items> = Items extends StandardSchema
  ? AsyncIterable<OutputOf<Items>>
  : Result extends StandardSchema ? OutputOf<Result>
  : R;

/** What a method gets for its call when this side itself calls it, as tests do. */
const OWN_CALL = Object.freeze({ errors: errorMakers });

/** Makes methods whose guards are given already, and run first. */
export interface MethodMaker<Given extends readonly Guard[]> {
  /** Makes a method with the types of its schemas. */
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
  /** Makes a method whose arguments are not checked, and are all it gets. */
  <F extends AnyFunction, Errors extends ErrorSchemas | undefined = undefined>(
    options: ExposeOptions & {
      readonly args?: undefined;
      readonly errors?: Errors;
    },
    handler: F,
  ): F & Declared<Errors>;
}

/**
 * Makes a method whose types come from its schemas: callers pass their inputs,
 * and the method gets their outputs, such as defaults that were filled in. The
 * call itself follows the arguments, also after an `await`, and `rest` is one
 * list before it. If the method declares `errors`, those of the call make them:
 * see {@linkcode isRemoteError}. When this side calls the method by itself, as a
 * test does, there is no call, and nothing is checked: only `errors` are there.
 * Throws a `TypeError` without a function.
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
 * Returns a {@linkcode method} whose methods run `guards` first. A guard refuses
 * a call by throwing, or returns what it adds to the `context` of the call.
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
 *   authenticate: (credentials) => credentials,
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
