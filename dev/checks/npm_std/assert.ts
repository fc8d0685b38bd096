/**
 * `@std/assert` for machines that can reach npm but not JSR: an untyped copy of
 * the same module, with the types of the original.
 *
 * @module
 */

// deno-lint-ignore no-import-prefix -- only this folder knows the npm copy
import * as std from "npm:deno-std@1.4.0/assert/mod.js";

/** A class, abstract or not, whose instances are `T`. */
// deno-lint-ignore no-explicit-any -- a class with whatever constructor
type Class<T> = abstract new (...args: any[]) => T;

/** The values that `if` treats as false. */
type Falsy = false | 0 | 0n | "" | null | undefined;

/** A list that is not a string. */
interface List<T> extends ArrayLike<T> {
  [Symbol.iterator](): IterableIterator<T>;
}

/** Thrown by every failed assertion. */
export type AssertionError = Error;
/** Thrown by every failed assertion. */
export const AssertionError: new (
  message: string,
  options?: ErrorOptions,
) => AssertionError = std.AssertionError;

/** Returns whether two values are deeply equal. */
export const equal: (a: unknown, b: unknown) => boolean = std.equal;

/** Expects a truthy value. */
export const assert: (expr: unknown, msg?: string) => asserts expr = std.assert;

/** Expects a falsy value. */
export const assertFalse: (
  expr: unknown,
  msg?: string,
) => asserts expr is Falsy = std.assertFalse;

/** Expects deep equality. */
export const assertEquals: <T>(actual: T, expected: T, msg?: string) => void =
  std.assertEquals;

/** Expects that two values are not deeply equal. */
export const assertNotEquals: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertNotEquals;

/** Expects that two values are identical by `Object.is`. */
export const assertStrictEquals: <T>(
  actual: unknown,
  expected: T,
  msg?: string,
) => asserts actual is T = std.assertStrictEquals;

/** Expects that two values are not identical by `Object.is`. */
export const assertNotStrictEquals: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertNotStrictEquals;

/** Expects a number within a tolerance. */
export const assertAlmostEquals: (
  actual: number,
  expected: number,
  tolerance?: number,
  msg?: string,
) => void = std.assertAlmostEquals;

/** Expects `actual > expected`. */
export const assertGreater: <T>(actual: T, expected: T, msg?: string) => void =
  std.assertGreater;

/** Expects `actual >= expected`. */
export const assertGreaterOrEqual: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertGreaterOrEqual;

/** Expects `actual < expected`. */
export const assertLess: <T>(actual: T, expected: T, msg?: string) => void =
  std.assertLess;

/** Expects `actual <= expected`. */
export const assertLessOrEqual: <T>(
  actual: T,
  expected: T,
  msg?: string,
) => void = std.assertLessOrEqual;

/** Expects neither `null` nor `undefined`. */
export const assertExists: <T>(
  actual: T,
  msg?: string,
) => asserts actual is NonNullable<T> = std.assertExists;

/** Expects an instance of a class. */
export const assertInstanceOf: <T extends Class<unknown>>(
  actual: unknown,
  expectedType: T,
  msg?: string,
) => asserts actual is InstanceType<T> = std.assertInstanceOf;

/** Expects a value that is not an instance of a class. */
export const assertNotInstanceOf: <A, T>(
  actual: A,
  unexpectedType: Class<T>,
  msg?: string,
) => asserts actual is Exclude<A, T> = std.assertNotInstanceOf;

/** Expects an error, optionally of a class and with a message. */
export const assertIsError: <E extends Error = Error>(
  error: unknown,
  ErrorClass?: Class<E>,
  msgMatches?: string | RegExp,
  msg?: string,
) => asserts error is E = std.assertIsError;

/** Expects a text that matches a regular expression. */
export const assertMatch: (
  actual: string,
  expected: RegExp,
  msg?: string,
) => void = std.assertMatch;

/** Expects a text that does not match a regular expression. */
export const assertNotMatch: (
  actual: string,
  expected: RegExp,
  msg?: string,
) => void = std.assertNotMatch;

/** Expects a text that contains another one. */
export const assertStringIncludes: (
  actual: string,
  expected: string,
  msg?: string,
) => void = std.assertStringIncludes;

/** Expects a list that contains every element of another one. */
export const assertArrayIncludes: <T>(
  actual: List<T>,
  expected: List<T>,
  msg?: string,
) => void = std.assertArrayIncludes;

/** Expects an object that has at least the properties of another one. */
export const assertObjectMatch: (
  // deno-lint-ignore no-explicit-any -- as the real one: takes interfaces, too
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  msg?: string,
) => void = std.assertObjectMatch;

/** Expects a function that throws; returns the thrown value. */
export const assertThrows: {
  (fn: () => unknown, msg?: string): unknown;
  <E extends Error = Error>(
    fn: () => unknown,
    ErrorClass: Class<E>,
    msgIncludes?: string,
    msg?: string,
  ): E;
} = std.assertThrows;

/** Expects a promise that rejects; resolves to the reason. */
export const assertRejects: {
  (fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
  <E extends Error = Error>(
    fn: () => PromiseLike<unknown>,
    ErrorClass: Class<E>,
    msgIncludes?: string,
    msg?: string,
  ): Promise<E>;
} = std.assertRejects;

/** Fails. */
export const fail: (msg?: string) => never = std.fail;

/** Fails, to mark code that is not written yet. */
export const unimplemented: (msg?: string) => never = std.unimplemented;

/** Fails, to mark code that must not be reached. */
export const unreachable: (msg?: string) => never = std.unreachable;
