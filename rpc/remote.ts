// deno-lint-ignore-file no-explicit-any -- `any` is how types match all functions
import type { ReservedName } from "./reserved_names.ts";
import type { Router } from "./service.ts";

/** What has methods of its own and yet is no service. */
export type Data =
  | readonly unknown[]
  | ReadonlyMap<any, any>
  | ReadonlySet<any>
  | Date
  | RegExp
  | URL
  | ArrayBufferLike
  | ArrayBufferView
  | AbortSignal
  | PromiseLike<any>
  | AsyncIterable<any>
  | { toData(): unknown };

/**
 * Key of a property that names, by its type, members of a class that stay on
 * their own side: a {@linkcode Remote} of it has none of them. It exists for
 * types only.
 */
export declare const localMembers: unique symbol;

/** What has members that stay on their own side. */
export interface HasLocalMembers<Names extends string> {
  /** Their names. */
  readonly [localMembers]?: Names;
}

// A mapped type over the keys of `T`, and nothing around it: so editors write
// `Remote<Cat>` in messages, and find the documentation and place of a member.
/**
 * The proxy for a service of type `T` on the other side.
 *
 * - A method that returns a promise keeps its signature, generics and overloads
 *   included, if its result arrives as it was; others get a promise of what
 *   arrives: see {@linkcode Arrived}. Of overloads, that is the last one.
 * - A sub-service is a `Remote` in its turn, a {@linkcode Router} one by name.
 * - Data is absent. Public methods without `@expose` do appear, since a
 *   decorator cannot hide them, and fail with `MethodNotFoundError`.
 * - Parameters keep their types. What is passed for one may still arrive as a
 *   proxy, so let a method take `(n: number) => void | Promise<void>` or
 *   `Cat | Remote<Cat>`, and await what it calls.
 *
 * It has no `then`, so `await` leaves it alone. It answers by itself to names
 * that the language and tools look up in any value, such as `toJSON`, and
 * nothing can be exposed by those. `String(remote)` names path and address.
 */
export type Remote<T> = {
  readonly [K in keyof T as RemoteName<T, K>]-?: RemoteMember<T, K>;
};

/** A function or method on the other side: its result is a promise. */
export type RemoteFunction<F> = F extends (...args: infer Args) => infer R
  ? IsFinalPromise<R> extends true ? F
  : (...args: Args) => Promise<RemoteResult<Awaited<R>>>
  : never;

/** Whether `R` is a promise of what arrives as it is. */
export type IsFinalPromise<R> = IsLoose<R> extends true ? false
  : [R] extends [Promise<infer V>] ? ArrivesAsItIs<V>
  : false;

/** What the promise of a result of type `R` holds: `R` if nothing changes. */
export type RemoteResult<R> = ArrivesAsItIs<R> extends true ? R : Arrived<R>;

/** An async iterable on the other side. It can be iterated once. */
export interface RemoteStream<Item>
  extends AsyncIterableIterator<Item, undefined>, AsyncDisposable {}

/**
 * What arrives when a `T` is sent.
 *
 * - A function, and an object with methods, which is taken for a service,
 *   arrive as proxies; disposal lets go of them.
 * - An async iterable arrives as a {@linkcode RemoteStream}.
 * - Lists and other objects arrive as they are, with proxies for what is a
 *   function or service in them. So does what is {@linkcode Data}, as is a
 *   class with methods that has `toData` among them.
 *
 * @typeParam Mark Stands for all that changes, if it is given.
 */
export type Arrived<T, Mark = never> = unknown extends T ? T
  : T extends object
    ? T extends AsyncIterable<any> | AnyFunction ? ArrivedProxy<T, Mark>
    : HasMethods<T> extends false ? { [K in keyof T]: Arrived<T[K], Mark> }
    : T extends readonly unknown[] ? ArrivedList<T, Mark>
    : T extends Data ? T
    : ArrivedProxy<T, Mark>
  : T;

/** What arrives of a stream, function or service. */
export type ArrivedProxy<T, Mark> = [Mark] extends [never]
  ? T extends AsyncIterable<infer Item> ? RemoteStream<Arrived<Item>>
  : T extends AnyFunction ? RemoteFunction<T> & Disposable
  : Remote<T> & Disposable
  : Mark;

/** What arrives of a list: arrays may hold their own type, tuples cannot. */
export type ArrivedList<T extends readonly unknown[], Mark> = number extends
  T["length"] ? T extends unknown[] ? Arrived<T[number], Mark>[]
  : readonly Arrived<T[number], Mark>[]
  : { [K in keyof T]: Arrived<T[K], Mark> };

/**
 * Whether nothing in a `T` changes on its way. Told by a mark, since comparing
 * with proxies would go round in circles where a method returns its own class.
 */
export type ArrivesAsItIs<T> = [T] extends [Scalar] ? true
  : [Arrived<T, Changed>] extends [T] ? true
  : false;

/** What is told to arrive as it is without looking closer. */
export type Scalar =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | void;

/** What nothing else is: the mark of what changes on its way. */
export interface Changed {
  /** No value has it. */
  readonly [localMembers]: never;
}

/**
 * The name of member `K` of a service, if a proxy has it, else `never`. Of a
 * router it is any name, once.
 */
export type RemoteName<T, K extends keyof T> = K extends HiddenName<T> ? never
  : T[K] extends AnyFunction
    ? T extends Router<any> ? K extends "get" ? string : never : K
  : LeadsToMethod<T[K]> extends true ? K
  : never;

/** Names of members that no proxy has. */
export type HiddenName<T> =
  | symbol
  | ReservedName
  | T[keyof T & typeof localMembers];

/** What a proxy has in the place of member `K`. */
export type RemoteMember<T, K extends keyof T> = unknown extends T[K] ? T[K]
  : T[K] extends AnyFunction
    ? T extends Router<infer Child> ? Remote<Child> : RemoteFunction<T[K]>
  : Extract<T[K], object> extends infer O
    ? O extends AnyFunction ? RemoteFunction<O> : Remote<O>
  : never;

/** Whether an object has methods, or properties that are functions. */
export type HasMethods<T> = [Extract<T[keyof T & string], AnyFunction>] extends
  [never] ? false : true;

/**
 * Whether `V` can be called, or holds what can. `Seen` is what holds it: what
 * holds itself adds nothing, and deep down an object is taken to have methods.
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

/** Something that only the same of the same type can stand for. */
export type Exactly<T> = (value: T) => T;

/** Whether `T` is `any` or `never`, which would match everything. */
export type IsLoose<T> = 0 extends (1 & T) ? true
  : [T] extends [never] ? true
  : false;

/** Any function. */
export type AnyFunction = (...args: any) => any;
