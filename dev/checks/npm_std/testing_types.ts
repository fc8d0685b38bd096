/**
 * The part of `@std/testing/types` that is used, for machines that can reach
 * npm but not JSR: the npm copy of the standard library has no testing part.
 *
 * @module
 */

/**
 * Asserts at compile time that a type-level condition has the given outcome.
 */
export function assertType<T extends boolean>(_expected: T): void {
  // Nothing to do: the argument's type is the assertion.
}

/** Asserts at compile time that a condition holds. */
export type AssertTrue<T extends true> = never & T;

/** Asserts at compile time that a condition does not hold. */
export type AssertFalse<T extends false> = never & T;

/** Whether `T` is `any`. Only `any` absorbs an impossible intersection. */
export type IsAny<T> = 0 extends (1 & T) ? true : false;

/** Whether `T` is `never`. */
export type IsNever<T> = [T] extends [never] ? true : false;

/** Whether `T` is `unknown`. */
export type IsUnknown<T> = IsAny<T> extends true ? false
  : unknown extends T ? true
  : false;

/** Whether `T` includes `null` or `undefined`. */
export type IsNullable<T> = IsNever<Extract<T, null | undefined>> extends true
  ? false
  : true;

/** Whether the union `T` includes `U`. */
export type Has<T, U> = IsAny<T> extends true ? true
  : IsAny<U> extends true ? false
  : IsNever<Extract<T, U>> extends true ? false
  : true;

/** Whether the union `T` lacks `U`. */
export type NotHas<T, U> = Has<T, U> extends true ? false : true;

/**
 * Whether `T` and `U` are the same: each is assignable to the other, and
 * wherever one contains `any`, so does the other.
 */
export type IsExact<T, U> = IsMutual<MarkAny<T>, MarkAny<U>> extends true
  ? IsMutual<DeepMarkAny<T>, DeepMarkAny<U>>
  : false;

/** Compares in both directions. The tuples keep unions and `never` intact. */
type IsMutual<T, U> = [T] extends [U] ? [U] extends [T] ? true : false : false;

declare const anyMark: unique symbol;

/** Replaces `any`, which would be assignable to and from everything. */
interface AnyMark {
  readonly [anyMark]: true;
}

type MarkAny<T> = IsAny<T> extends true ? AnyMark : T;

type DeepMarkAny<T> = IsAny<T> extends true ? AnyMark
  : IsUnknown<T> extends true ? T
  : T extends Promise<infer V> ? { readonly promised: DeepMarkAny<V> }
  : T extends (...args: infer A) => infer R ?
      & ((
        ...args: DeepMarkAny<A> extends infer P extends unknown[] ? P : never
      ) => DeepMarkAny<R>)
      & { [K in keyof T]: DeepMarkAny<T[K]> }
  : T extends object ? { [K in keyof T]: DeepMarkAny<T[K]> }
  : T;
