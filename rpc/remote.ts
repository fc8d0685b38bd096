// deno-lint-ignore-file no-explicit-any -- `any` is how types match all functions

/** What has methods of its own and yet travels as data. */
export type Data =
  | readonly unknown[]
  | ReadonlyMap<any, any>
  | ReadonlySet<any>
  | Date
  | RegExp
  | Error
  | URL
  | ArrayBuffer
  | ArrayBufferView
  | { toData(): unknown };

/** Names of what can be called, or holds something that can. */
export type RemoteKeys<T> = {
  [K in keyof T]: K extends string | number
    ? [T[K]] extends [(...args: any) => any] ? K
    : [NonNullable<T[K]>] extends [Data] ? never
    : [NonNullable<T[K]>] extends [object]
      ? [RemoteKeys<NonNullable<T[K]>>] extends [never] ? never : K
    : never
    : never;
}[keyof T];

/** Whether a value travels as a reference to a service, not as data. */
export type IsService<T> = [T] extends [Data] ? false
  : [T] extends [Promise<any> | AsyncIterable<any>] ? false
  : [T] extends [object] ? [RemoteKeys<T>] extends [never] ? false : true
  : false;

/** What arrives when `T` is sent. */
export type Arrived<T> = [T] extends [AsyncIterable<infer Item>]
  ? AsyncIterableIterator<Item, undefined> & AsyncDisposable
  : [T] extends [(...args: any) => any] ? RemoteFunction<T>
  : IsService<T> extends true ? Remote<T>
  : T;

/** A function on the other side: its result is a promise. */
export type RemoteFunction<F> = F extends (...args: any) => Promise<infer R>
  ? Arrived<R> extends R ? F : (...args: Parameters<F>) => Promise<Arrived<R>>
  : F extends (...args: infer Args) => infer R
    ? (...args: Args) => Promise<Arrived<Awaited<R>>>
  : never;

/**
 * The proxy for a service of type `T` on the other side.
 *
 * A method that returns a promise keeps its signature, generics and overloads
 * included; others get one. A service comes back as `Remote`, an async
 * iterable as a promise of one; a sub-service is a `Remote` in its turn. What
 * cannot be called is absent. Public methods without `@expose` do appear,
 * since a decorator cannot hide them, and fail with `MethodNotFoundError`.
 *
 * It has no `then`, so `await` leaves it alone. `String(remote)` names path
 * and address.
 */
export type Remote<T> =
  & {
    readonly [K in RemoteKeys<T>]: [T[K]] extends [(...args: any) => any]
      ? RemoteFunction<T[K]>
      : Remote<NonNullable<T[K]>>;
  }
  & (T extends (...args: any) => any ? RemoteFunction<T> : unknown);
