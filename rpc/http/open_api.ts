import {
  describe,
  type MethodDescription,
  type ServiceDescription,
} from "../service/describe.ts";

/** Options for {@linkcode openApi}. */
export interface OpenApiOptions {
  /** The title of the document. */
  readonly title: string;
  /** The version of the served API. */
  readonly version: string;
  /**
   * The path prefix of calls, the same as that of the door.
   *
   * @default {"/rpc/"}
   */
  readonly prefix?: string | undefined;
}

/** A JSON value. */
export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [name: string]: Json };

/**
 * Returns an OpenAPI 3.1 document of the HTTP calls that `service` accepts. It
 * includes schemas if their library can convert them to JSON Schema.
 *
 * ```ts
 * import { openApi } from "@denomas/denomas/http";
 * import { method, service } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 * import { z } from "npm:zod@4.6.7";
 *
 * const adder = service({
 *   add: method({ args: [z.int(), z.int()], result: z.int() }, (a, b) => a + b),
 * });
 * const document = openApi(adder, { title: "Adder", version: "1.0.0" });
 * assertEquals(Object.keys(document.paths), ["/rpc/add"]);
 * ```
 */
export function openApi(
  service: object,
  { title, version, prefix = "/rpc/" }: OpenApiOptions,
): { readonly [name: string]: Json } & {
  readonly paths: { readonly [path: string]: Json };
} {
  return {
    openapi: "3.1.0",
    info: { title, version },
    paths: Object.fromEntries(pathsOf(describe(service), prefix)),
  };
}

function* pathsOf(
  { methods, services }: ServiceDescription,
  prefix: string,
): Generator<[string, Json]> {
  for (const [name, method] of Object.entries(methods)) {
    // Streams cannot be sent in a JSON body.
    if (Object.keys(method.argItems).length > 0) continue;
    yield [prefix + encodeURIComponent(name), { post: operationOf(method) }];
  }
  for (const [name, child] of Object.entries(services)) {
    yield* pathsOf(child, `${prefix}${encodeURIComponent(name)}/`);
  }
}

function operationOf(method: MethodDescription): Json {
  const { args, rest, result, items, errors } = method;
  const codes = Object.keys(errors);
  return {
    requestBody: {
      content: {
        "application/json": {
          schema: {
            type: "array",
            ...(args !== null && {
              prefixItems: args.map((it) => schemaOf(it)),
              minItems: args.length,
            }),
            ...(rest !== null
              ? { items: schemaOf(rest) }
              : args !== null && { items: false }),
          },
        },
      },
    },
    responses: {
      "200": items === null
        ? bodyOf("The result", "application/json", schemaOf(result))
        : bodyOf(
          "The items, one a line; an empty line, and then an error, if it fails",
          "application/x-ndjson",
          schemaOf(items),
        ),
      "400": failureOf("The arguments do not fit"),
      "401": failureOf("The caller is not admitted"),
      ...(codes.length > 0 && {
        "422": failureOf(`One of: ${codes.join(", ")}`),
      }),
      "500": failureOf("The method failed"),
      "503": failureOf("The server is busy, or closing"),
    },
  };
}

/**
 * Returns a JSON Schema as plain JSON: libraries may add values that are not
 * JSON.
 */
function schemaOf(schema: Readonly<Record<string, unknown>> | null): Json {
  return schema === null ? {} : JSON.parse(JSON.stringify(schema));
}

function bodyOf(description: string, type: string, schema: Json): Json {
  return { description, content: { [type]: { schema } } };
}

function failureOf(description: string): Json {
  const text = { type: "string" };
  return bodyOf(description, "application/json", {
    type: "object",
    properties: {
      error: {
        type: "object",
        properties: { name: text, message: text, code: text, data: {} },
      },
    },
  });
}
