// deno-lint-ignore-file no-import-prefix -- only this test needs the packages
import { assertEquals } from "@std/assert";
import { type } from "npm:arktype@2.2.9";
import * as v from "npm:valibot@1.5.0";
import { z } from "npm:zod@4.6.7";
import { describe } from "./describe.ts";
import { expose } from "./expose.ts";
import { method } from "./method.ts";
import { Router, service } from "./service.ts";

const PLAIN = {
  args: null,
  argItems: {},
  rest: null,
  result: null,
  items: null,
  errors: {},
  idempotent: false,
};

Deno.test("describe() tells the methods of a service, and their schemas", () => {
  const shop = service({
    plain: () => {},
    buy: method({
      args: [z.string(), z.number().default(1)],
      rest: type("string"),
      result: z.number().transform(String).pipe(z.string()),
      errors: { sold_out: z.object({ left: z.int() }), closed: null },
      idempotent: true,
    }, () => 1),
    watch: method(
      {
        args: [v.string(), z.date(), { items: z.boolean() }],
        items: z.boolean(),
      },
      () => ReadableStream.from([true]),
    ),
  });
  const $schema = "https://json-schema.org/draft/2020-12/schema";
  assertEquals(describe(shop), {
    methods: {
      plain: PLAIN,
      buy: {
        args: [{ $schema, type: "string" }, {
          $schema,
          type: "number",
          default: 1,
        }],
        argItems: {},
        rest: { $schema, type: "string" },
        result: { $schema, type: "string" },
        items: null,
        errors: {
          sold_out: {
            $schema,
            type: "object",
            properties: {
              left: {
                type: "integer",
                minimum: Number.MIN_SAFE_INTEGER,
                maximum: Number.MAX_SAFE_INTEGER,
              },
            },
            required: ["left"],
            additionalProperties: false,
          },
          closed: null,
        },
        idempotent: true,
      },
      watch: {
        ...PLAIN,
        // The first arguments cannot be converted to JSON Schema.
        args: [null, null, null],
        argItems: { 2: { $schema, type: "boolean" } },
        items: { $schema, type: "boolean" },
      },
    },
    services: {},
  });
});

Deno.test("describe() goes into services, and through circles once", () => {
  class Part {
    @expose
    whole: object | null = null;
    @expose
    work = (): number => 1;
    @expose
    readonly data = 1;
    hidden(): void {}
  }
  const part = new Part();
  const rooms = new Router<Part>();
  rooms.set("first", part);
  const whole = service({ part, rooms });
  part.whole = whole;
  const described = { methods: { work: PLAIN }, services: {} };
  assertEquals(describe(whole), {
    methods: {},
    services: {
      part: described,
      rooms: { methods: {}, services: { first: described } },
    },
  });
  assertEquals(JSON.parse(JSON.stringify(describe(whole))), describe(whole));
});
