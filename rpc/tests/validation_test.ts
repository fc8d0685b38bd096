// deno-lint-ignore-file no-import-prefix -- only this test needs the packages
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type } from "npm:arktype@2.2.9";
import * as v from "npm:valibot@1.5.0";
import { z } from "npm:zod@4.6.7";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { withCtx } from "../../testing/ctx.ts";
import { ValidationError } from "../errors.ts";
import { keep } from "../options.ts";
import { expose } from "../service/expose.ts";
import type { StandardSchema } from "../service/schemas.ts";
import { method } from "../service/method.ts";
import { service } from "../service/service.ts";

// deno-lint-ignore no-explicit-any -- their types differ
type AnySchema = StandardSchema<any>;

const schemas: Record<string, { name: AnySchema; age: AnySchema }> = {
  zod: { name: z.string(), age: z.object({ years: z.number().min(0) }) },
  valibot: {
    name: v.string(),
    age: v.object({ years: v.pipe(v.number(), v.minValue(0)) }),
  },
  arktype: { name: type("string"), age: type({ years: "number >= 0" }) },
};

for (const [library, { name, age }] of Object.entries(schemas)) {
  withCtx({
    name: `a schema of ${library} checks arguments before the method runs`,
    codecs,
  }, async (ctx) => {
    let ran = 0;
    class Register {
      @expose({ args: [name, age] })
      add(name: string, age: { years: number }): string {
        ran++;
        return `${name} is ${age.years}`;
      }
    }
    const { remote } = await ctx.rpc.startServerAndConnect<Register>(
      new Register(),
    );
    assertEquals(await remote.add("Ada", { years: 36 }), "Ada is 36");
    const bad: [unknown[], string][] = [
      [[1, { years: 36 }], "argument 1"],
      [["Ada", { years: -1 }], "argument 2"],
      [["Ada", { years: "36" }], "years"],
      [["Ada"], "argument 2"],
      [[], "argument 1"],
      [["Ada", { years: 1 }, "more"], "arguments is 3"],
    ];
    const call = remote.add as (...args: unknown[]) => Promise<unknown>;
    for (const [args, says] of bad) {
      const error = await assertRejects(() => call(...args), ValidationError);
      assertStringIncludes(error.message, says);
      assertStringIncludes(error.message, "'add'");
      assertEquals(error.part, "argument");
    }
    assertEquals(ran, 1);
  });
}

withCtx({
  name: "a schema may change an argument, and check the result",
  codecs,
}, async (ctx) => {
  const text = service({
    size: method({ args: [z.string().trim()] }, (text) => text.length),
    shout: method(
      { args: [z.string()], result: z.string() },
      (text) => text === "hush" ? null as never : text.toUpperCase(),
    ),
  });
  const { remote } = await ctx.rpc.startServerAndConnect<typeof text>(text);
  assertEquals(await remote.size("  three "), 5);
  assertEquals(await remote.shout("hi"), "HI");
  const error = await assertRejects(
    () => remote.shout("hush"),
    ValidationError,
  );
  assertStringIncludes(error.message, "the result");
});

withCtx({ name: "a schema may be asynchronous", codecs }, async (ctx) => {
  const known = z.string().refine((name) => Promise.resolve(name === "Ada"));
  const greeter = service({
    greet: method({ args: [known] }, (name) => `Hello, ${name}`),
  });
  const { remote } = await ctx.rpc.startServerAndConnect<typeof greeter>(
    greeter,
  );
  assertEquals(await remote.greet("Ada"), "Hello, Ada");
  await assertRejects(() => remote.greet("Eve"), ValidationError);
});

withCtx(
  { name: "without a schema nothing is checked", codecs },
  async (ctx) => {
    const echo = service({ echo: (value: string) => value });
    const { remote } = await ctx.rpc.startServerAndConnect<typeof echo>(echo);
    assertEquals(await remote.echo(23 as unknown as string) as unknown, 23);
  },
);

withCtx({
  name: "a schema holds for a method that is passed as a function, too",
  codecs,
}, async (ctx) => {
  const positive = z.number().min(0);
  class Bank {
    @expose({ args: [positive] })
    pay(amount: number): string {
      return `paid ${amount}`;
    }
    @expose
    payer() {
      return this.pay;
    }
    @expose
    other() {
      return plain.pay;
    }
  }
  const plain = service({
    pay: method({ args: [positive] }, (amount) => `paid ${amount}`),
  });
  const { remote } = await ctx.rpc.startServerAndConnect<Bank>(new Bank());
  for (const returned of [await remote.payer(), await remote.other()]) {
    using pay = keep(returned);
    assertEquals(await pay(1), "paid 1");
    await assertRejects(() => pay(-1), ValidationError);
  }
});

withCtx({
  name: "what a schema made of an argument is what the method gets",
  codecs,
}, async (ctx) => {
  // A schema may convert the peer's data to a thenable. Its `then` must not be
  // called.
  const entries: StandardSchema<object> = {
    "~standard": {
      version: 1,
      vendor: "test",
      validate: (value) => ({
        value: Object.fromEntries(value as [string, unknown][]),
      }),
    },
  };
  let got: object | null = null;
  const table = service({
    ping() {},
    take: method({ args: [entries] }, (value) => {
      got = value;
    }),
  });
  const { remote } = await ctx.rpc.startServerAndConnect<typeof table>(table);
  await remote.ping();
  let called = false;
  await remote.take([["amount", 1], ["then", () => {
    called = true;
  }]]);
  assertEquals([called, Object.keys(got ?? {})], [false, ["amount", "then"]]);
});
