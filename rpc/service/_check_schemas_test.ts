// deno-lint-ignore-file no-import-prefix -- only this test needs the packages
import { assertThrows } from "@std/assert";
import { type } from "npm:arktype@2.2.9";
import * as v from "npm:valibot@1.5.0";
import { z } from "npm:zod@4.6.7";
import { checkSchemas } from "./_check_schemas.ts";
import { expose, type ExposeOptions } from "./expose.ts";
import { method } from "./method.ts";

const WRONG: readonly [options: object, name: string][] = [
  [{ args: z.string() }, "args"],
  [{ args: "string" }, "args"],
  [{ args: ["string"] }, "args[0]"],
  [{ args: [z.string(), null] }, "args[1]"],
  [{ args: [undefined] }, "args[0]"],
  [{ args: [{ items: "string" }] }, "args[0]"],
  [{ rest: String }, "rest"],
  [{ result: {} }, "result"],
  [{ items: 5 }, "items"],
  [{ errors: { no_money: "number" } }, "errors.no_money"],
];

Deno.test("method and expose refuse what is no schema", () => {
  for (const [options, name] of WRONG) {
    const says = `'${name}' is of type `;
    // deno-lint-ignore no-explicit-any -- JavaScript and casts allow it
    const untyped = options as any;
    assertThrows(() => method(untyped, () => {}), TypeError, says);
    assertThrows(() => expose(untyped), TypeError, says);
  }
});

Deno.test("checkSchemas accepts schemas of all libraries", () => {
  for (const schema of [z.string(), v.string(), type("string")]) {
    const options: ExposeOptions = {
      args: [schema, { items: schema }],
      rest: schema,
      items: schema,
      errors: { a: schema, b: null, "": schema },
    };
    checkSchemas(options, "make a method");
  }
});
