// deno-lint-ignore-file no-explicit-any -- any is what is told apart here
import {
  type AssertFalse,
  type AssertTrue,
  assertType,
  type Has,
  type IsAny,
  type IsExact,
  type IsNever,
  type IsNullable,
  type IsUnknown,
  type NotHas,
} from "./testing_types.ts";

// These tests fail when they do not compile; there is nothing to run.

interface Tree {
  readonly value: number;
  readonly children: Tree[];
  visit(visitor: (tree: Tree) => void): Promise<void>;
}

Deno.test("IsExact accepts what is the same", () => {
  assertType<IsExact<string | number, number | string>>(true);
  assertType<IsExact<{ a: 1 } & { b: 2 }, { a: 1; b: 2 }>>(true);
  assertType<IsExact<any, any>>(true);
  assertType<IsExact<never, never>>(true);
  assertType<IsExact<unknown, unknown>>(true);
  assertType<IsExact<Tree, Tree>>(true);
  assertType<IsExact<Map<string, Tree>, Map<string, Tree>>>(true);
  assertType<IsExact<(a: Tree) => void, (a: Tree) => void>>(true);
});

Deno.test("IsExact refuses what is wider, narrower or other", () => {
  assertType<IsExact<string | number, string>>(false);
  assertType<IsExact<true, boolean>>(false);
  assertType<IsExact<never, string>>(false);
  assertType<IsExact<{ a?: string }, { a: string | undefined }>>(false);
  assertType<IsExact<(a: string) => void, (a: number) => void>>(false);
});

Deno.test("IsExact refuses any in the place of something else, deep down too", () => {
  assertType<IsExact<any, string>>(false);
  assertType<IsExact<unknown, any>>(false);
  assertType<IsExact<{ a: { b: any }[] }, { a: { b: string }[] }>>(false);
  assertType<IsExact<(a: any) => void, (a: string) => void>>(false);
  assertType<IsExact<() => Promise<any>, () => Promise<string>>>(false);
  assertType<IsExact<AsyncIterable<any>, AsyncIterable<string>>>(false);
});

Deno.test("Has, IsAny and their kin tell types apart", () => {
  assertType<Has<string | number, string>>(true);
  assertType<Has<string, number>>(false);
  assertType<NotHas<string, number>>(true);
  assertType<IsAny<any>>(true);
  assertType<IsAny<unknown>>(false);
  assertType<IsUnknown<unknown>>(true);
  assertType<IsUnknown<any>>(false);
  assertType<IsNever<never>>(true);
  assertType<IsNever<undefined>>(false);
  assertType<IsNullable<string | undefined>>(true);
  assertType<IsNullable<string>>(false);
});

Deno.test("AssertTrue and AssertFalse take one outcome each", () => {
  assertType<IsNever<AssertTrue<IsAny<any>>>>(true);
  assertType<IsNever<AssertFalse<IsAny<string>>>>(true);
  // @ts-expect-error: the condition does not hold
  assertType<IsNever<AssertTrue<IsAny<string>>>>(true);
  // @ts-expect-error: the condition holds
  assertType<IsNever<AssertFalse<IsAny<any>>>>(true);
});
