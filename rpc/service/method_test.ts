import { assertType, type IsExact } from "@std/testing/types";
import { z } from "npm:zod@4.6.7";
import * as v from "npm:valibot@1.5.0";
import { isRemoteError } from "../errors.ts";
import { expose } from "./expose.ts";
import { method } from "./method.ts";
import { service } from "./service.ts";
import type { Remote } from "../remote.ts";

const add = method({
  args: [z.string(), z.number().default(1)],
  result: z.string(),
}, (name, count, call) => {
  assertType<IsExact<typeof name, string>>(true);
  assertType<IsExact<typeof count, number>>(true);
  assertType<IsExact<typeof call.path, string>>(true);
  return "";
});
assertType<IsExact<typeof add, (a: string, b?: number) => string>>(true);

const many = method({
  args: [v.string()],
  rest: v.pipe(v.string(), v.transform(Number)),
}, (name, numbers) => {
  assertType<IsExact<typeof name, string>>(true);
  assertType<IsExact<typeof numbers, number[]>>(true);
  return numbers.length;
});
assertType<IsExact<typeof many, (a: string, ...b: string[]) => number>>(true);

const items = method(
  { args: [], items: z.object({ id: z.string().transform(Number) }) },
  async function* (call) {
    assertType<IsExact<typeof call.path, string>>(true);
    yield { id: "1" };
  },
);
assertType<IsExact<typeof items, () => AsyncIterable<{ id: number }>>>(true);

const guarded = method({
  args: [z.number()],
  use: [
    () => ({ user: "ada" }),
    async () => await Promise.resolve({ role: 1 }),
    () => {},
  ],
}, async (_n, { context }) => {
  assertType<IsExact<typeof context.user, string>>(true);
  assertType<IsExact<typeof context.role, number>>(true);
  return await Promise.resolve(true);
});
assertType<IsExact<typeof guarded, (n: number) => Promise<boolean>>>(true);

const taking = method({
  args: [{ items: z.string().transform(Number) }, {
    items: v.optional(v.string(), ""),
  }],
}, async (numbers, texts) => {
  assertType<IsExact<typeof numbers, AsyncIterable<number>>>(true);
  assertType<IsExact<typeof texts, AsyncIterable<string>>>(true);
  return await Promise.resolve(1);
});
assertType<
  IsExact<
    typeof taking,
    (
      numbers: AsyncIterable<string>,
      texts: AsyncIterable<string | undefined>,
    ) => Promise<number>
  >
>(true);

const failing = method({
  args: [z.number()],
  errors: {
    sold_out: z.object({ left: z.string().transform(Number) }),
    hint: z.string().optional(),
    closed: null,
  },
}, (count, { errors }) => {
  if (count === 1) throw errors.closed("Closed");
  if (count === 2) throw errors.hint("None");
  if (count === 3) throw errors.hint("One", "hint");
  if (count === 4) throw errors.sold_out("Sold out", { left: "3" });
  // @ts-expect-error the data is missing
  errors.sold_out("Sold out");
  // @ts-expect-error the schema takes a text
  errors.sold_out("Sold out", { left: 3 });
  // @ts-expect-error it has no data
  errors.closed("Closed", 1);
  // @ts-expect-error it is not declared
  errors.lost;
  return count;
});

method({ args: [] }, (call) => {
  // @ts-expect-error it declares none
  call.errors;
});

const unchecked = method(
  { errors: { closed: null } },
  (name: string) => name.length,
);

export function narrow(
  error: unknown,
  remote: Remote<
    { failing: typeof failing; unchecked: typeof unchecked; add: typeof add }
  >,
): void {
  assertType<IsExact<ReturnType<typeof remote.failing>, Promise<number>>>(true);
  assertType<IsExact<Parameters<typeof remote.failing>, [number]>>(true);
  if (isRemoteError(error, remote.failing, "sold_out")) {
    assertType<IsExact<typeof error.data, { left: number }>>(true);
    assertType<IsExact<typeof error.code, "sold_out">>(true);
  } else if (isRemoteError(error, remote.failing, "hint")) {
    assertType<IsExact<typeof error.data, string | undefined>>(true);
  } else if (isRemoteError(error, remote.unchecked, "closed")) {
    assertType<IsExact<typeof error.data, undefined>>(true);
  }
  // @ts-expect-error it is not declared
  isRemoteError(error, remote.failing, "lost");
  // @ts-expect-error the method declares no errors
  isRemoteError(error, remote.add, "sold_out");
}

type R = Remote<{ add: typeof add; guarded: typeof guarded }>;
assertType<
  IsExact<R["add"], (a: string, b?: number) => Promise<string>>
>(true);
assertType<IsExact<R["guarded"], (n: number) => Promise<boolean>>>(true);

class Checked {
  @expose({ args: [z.string(), z.number().optional()], result: z.number() })
  fits(this: Checked, name: string, count?: number): number {
    return name.length + (count ?? 0);
  }

  @expose({ args: [z.string()] })
  fewer(): void {}

  @expose({ args: [z.string()], rest: z.number() })
  rest(_name: string, ..._numbers: number[]): void {}

  @expose({ items: z.number() })
  async *numbers(_any: string): AsyncGenerator<number> {}

  @expose({ args: [{ items: z.number() }] })
  takes(_numbers: AsyncIterable<number>): void {}

  // @ts-expect-error the items are numbers
  @expose({ args: [{ items: z.number() }] })
  takesOthers(_texts: AsyncIterable<string>): void {}

  @expose({ idempotent: true })
  async plain(_a: boolean): Promise<void> {}

  @expose({ idempotent: true })
  readonly field = service({ a: () => 1 });

  // @ts-expect-error the schema returns a number
  @expose({ args: [z.number()] })
  wrong(_a: string): void {}

  // @ts-expect-error the second parameter has no schema
  @expose({ args: [z.string()] })
  unchecked(_a: string, _b: number): void {}

  // @ts-expect-error the schema takes a number
  @expose({ result: z.number() })
  badResult(): string {
    return "";
  }

  // @ts-expect-error the items are numbers
  @expose({ items: z.number() })
  async *badItems(): AsyncGenerator<string> {}
}
void Checked;
