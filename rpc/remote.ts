// deno-lint-ignore-file no-explicit-any -- `any` is how types match all functions
import type { declaredErrors } from "./errors.ts";
import type { ReservedName } from "./reserved_names.ts";

/** Types with methods that are data, not services. */
export type Data =
  | readonly unknown[]
  | ReadonlyMap<any, any>
  | ReadonlySet<any>
  | Date
  | RegExp
  | URL
  | ArrayBufferLike
  | ArrayBufferView
  | Unsendable
  | AsyncIterable<any>
  | { toData(): unknown };

/**
 * The key of a property whose type lists the members of a class that its
 * {@linkcode Remote} does not have. It exists only in types.
 */
export declare const localMembers: unique symbol;

/** A class with members that its {@linkcode Remote} does not have. */
export interface HasLocalMembers<Names extends string> {
  /** The names of these members. */
  readonly [localMembers]?: Names;
}

/** The key of a property that the type of every proxy has, and no value has. */
export declare const isRemote: unique symbol;

/** The common supertype of all proxies of services. It exists only in types. */
export interface IsRemote {
  /** Never present, so that plain objects can replace proxies in tests. */
  readonly [isRemote]?: never;
}

/**
 * A user-defined type for a proxy: its methods return promises, and its other
 * members are such types themselves.
 */
export type RemoteLike<T> = {
  readonly [K in keyof T]: K extends symbol | ReservedName ? unknown
    : ((...args: any) => PromiseLike<unknown>) | (object & { apply?: never });
};

/**
 * The key of a property whose type is the type of a router's children. It
 * exists only in types.
 */
export declare const routed: unique symbol;

/** A service whose children can have any name, such as a `Router`. */
export interface HasChildren<T> {
  /** The type of the children. */
  readonly [routed]?: T;
}

// A plain mapped type over the keys of `T`, so that editors show `Remote<Cat>`
// in messages, and find the documentation and the source of a member.
/**
 * The proxy for a service of type `T` on the other side.
 *
 * - A method that returns a promise keeps its signature, including generics and
 *   overloads, if its result arrives unchanged. Other methods return a promise
 *   of the type that arrives: see {@linkcode Arrived}. Of their overloads, only
 *   the last one remains.
 * - A sub-service is a `Remote`. A `Router` has a `Remote` for each name.
 * - Data members are absent. Public methods without `@expose` are present,
 *   because a decorator cannot hide them, and fail with `MethodNotFoundError`.
 * - A type that cannot be sent becomes a {@linkcode CannotBeSent} in a result.
 * - Parameters keep their types. Functions and services still arrive as
 *   proxies, so declare parameters as `(n: number) => void | Promise<void>` or
 *   `Cat | Remote<Cat>`, and await the calls.
 *
 * A `Remote<any>` has any member, of type `any`.
 *
 * It has no `then`, so it can be awaited safely. Names that the language and
 * tools look up in any value, such as `toJSON`, are answered locally, and
 * nothing can be exposed under them. `String(remote)` contains the path and the
 * address.
 */
export type Remote<T> =
  & { readonly [K in keyof T as RemoteName<T, K>]-?: RemoteMember<T, K> }
  & IsRemote;

/** A function or method of the other side. It returns a promise. */
export type RemoteFunction<F> = F extends (...args: infer Args) => infer R
  ? IsFinalPromise<R> extends true ? F
  :
    & ((...args: Args) => Promise<RemoteResult<Awaited<R>>>)
    & KeptErrors<F>
  : never;

/** The part of a function's type that declares its errors. */
export type KeptErrors<F> = typeof declaredErrors extends keyof F
  ? Pick<F, typeof declaredErrors>
  : unknown;

/** Whether `R` is a promise of a type that arrives unchanged. */
export type IsFinalPromise<R> = IsLoose<R> extends true ? false
  : [R] extends [Promise<infer V>] ? ArrivesAsItIs<V>
  : false;

/** The type that a result of type `R` has when it arrives. */
export type RemoteResult<R> = ArrivesAsItIs<R> extends true ? R : Arrived<R>;

/** An async iterable on the other side. It can be iterated once. */
export interface RemoteStream<Item>
  extends AsyncIterableIterator<Item, undefined>, AsyncDisposable {}

/**
 * The type of a `T` when it arrives on the other side.
 *
 * - Functions, and objects with methods, which count as services, arrive as
 *   proxies that can be disposed of.
 * - Async iterables arrive as a {@linkcode RemoteStream}.
 * - Lists and other objects arrive unchanged, with proxies for the functions
 *   and services in them. {@linkcode Data} arrives unchanged, including classes
 *   that have a method `toData`.
 *
 * @typeParam Mark If given, replaces all types that change.
 */
export type Arrived<T, Mark = never> = unknown extends T ? T
  : T extends object
    ? T extends AsyncIterable<any> | AnyFunction ? ArrivedProxy<T, Mark>
    : HasMethods<T> extends false ? { [K in keyof T]: Arrived<T[K], Mark> }
    : T extends readonly unknown[] ? ArrivedList<T, Mark>
    : T extends Unsendable ? Marked<Refused<T>, Mark>
    : T extends Data ? T
    : ArrivedProxy<T, Mark>
  : T extends symbol ? Marked<Refused<T>, Mark>
  : T;

/** The replacement for a type that changes: `Mark` if given, else `T`. */
export type Marked<T, Mark> = [Mark] extends [never] ? T : Mark;

/** Types that cannot be sent, even with a custom serializer. */
export type Unsendable =
  | AbortSignal
  | AbortController
  | PromiseLike<any>
  | IteratorObject<any, any, any>;

/** The key of the only property of a {@linkcode CannotBeSent}. */
export declare const cannotBeSent: unique symbol;

/**
 * Replaces a type that cannot be sent in the type of a result. A call of the
 * method rejects with a `SerializationError`.
 *
 * @typeParam Reason The kind of value, and what to do instead.
 */
export interface CannotBeSent<Reason extends string> {
  /** The kind of value, and what to do instead. */
  readonly [cannotBeSent]: Reason;
}

/** The {@linkcode CannotBeSent} for an {@linkcode Unsendable} or a symbol. */
export type Refused<T> = T extends symbol
  ? CannotBeSent<"a symbol: send a string">
  : T extends AbortSignal | AbortController
    ? CannotBeSent<"an AbortSignal: the signal of the call is call().signal">
  : T extends PromiseLike<any>
    ? CannotBeSent<"a promise inside of a value: await it first">
  : CannotBeSent<"a synchronous iterator: send a list or an async iterable">;

/** The type of a stream, function or service when it arrives. */
export type ArrivedProxy<T, Mark> = [Mark] extends [never]
  ? T extends AsyncIterable<infer Item> ? RemoteStream<Arrived<Item>>
  : T extends AnyFunction ? RemoteFunction<T> & Disposable
  : Remote<T> & Disposable
  : Mark;

/**
 * The type of a list when it arrives. Arrays are separate from tuples, because
 * only arrays may contain themselves.
 */
export type ArrivedList<T extends readonly unknown[], Mark> = number extends
  T["length"] ? T extends unknown[] ? Arrived<T[number], Mark>[]
  : readonly Arrived<T[number], Mark>[]
  : { [K in keyof T]: Arrived<T[K], Mark> };

/**
 * Whether a `T` arrives unchanged. It compares with a mark, because a
 * comparison with proxies would not terminate if a method returns its own
 * class.
 */
export type ArrivesAsItIs<T> = [T] extends [Scalar] ? true
  : [Arrived<T, Changed>] extends [T] ? true
  : false;

/** Types that arrive unchanged. */
export type Scalar =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | void;

/** Marks types that change. No other type is assignable to it. */
export interface Changed {
  /** No value has this property. */
  readonly [localMembers]: never;
}

/**
 * The name of member `K` of a service if a proxy has it, else `never`. For a
 * router, it is `string`.
 */
export type RemoteName<T, K extends keyof T> = K extends HiddenName<T> ? never
  : T[K] extends AnyFunction
    ? typeof routed extends keyof T ? K extends "get" ? string : never : K
  : LeadsToMethod<T[K]> extends true ? K
  : never;

/** The names of members that a proxy does not have. */
export type HiddenName<T> =
  | symbol
  | ReservedName
  // Otherwise, `any` would hide all names.
  | (IsLoose<T> extends true ? never : T[keyof T & typeof localMembers]);

/** The type of member `K` in a proxy. */
export type RemoteMember<T, K extends keyof T> = unknown extends T[K] ? T[K]
  : T[K] extends AnyFunction
    ? typeof routed extends keyof T
      ? Remote<Exclude<T[typeof routed], undefined>>
    : RemoteFunction<T[K]>
  : Extract<T[K], object> extends infer O
    ? O extends AnyFunction ? RemoteFunction<O> : Remote<O>
  : never;

/** Whether an object has methods, or properties that are functions. */
export type HasMethods<T> = [Extract<T[keyof T & string], AnyFunction>] extends
  [never] ? false : true;

/**
 * Whether `V` is a function or contains one. `Seen` lists the types that
 * contain `V`: recursive types are searched once, and below a depth of 4 a type
 * counts as having methods.
 */
export type LeadsToMethod<V, Seen extends unknown[] = []> = unknown extends V
  ? IsLoose<V>
  : Extract<V, object> extends infer O ? [O] extends [never] ? false
    : [O] extends [AnyFunction] ? true
    : [O] extends [Data] ? false
    : HasMethods<O> extends true ? true
    : Exactly<O> extends Seen[number] ? false
    : Seen["length"] extends 4 ? true
    : true extends {
      [K in keyof O]-?: K extends symbol ? false
        : LeadsToMethod<O[K], [...Seen, Exactly<O>]>;
    }[keyof O] ? true
    : false
  : false;

/** A type that is assignable only to itself. */
export type Exactly<T> = (value: T) => T;

/** Whether `T` is `any` or `never`, which match every type. */
export type IsLoose<T> = 0 extends (1 & T) ? true
  : [T] extends [never] ? true
  : false;

/** Any function. */
export type AnyFunction = (...args: any) => any;
