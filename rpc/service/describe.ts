import { type ExposeOptions, optionsOf } from "./expose.ts";
import type { StandardSchema } from "./schemas.ts";
import { Router, routesOf, subService } from "./service.ts";

/** A JSON Schema of version 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The description of a service, as plain data. */
export interface ServiceDescription {
  /** The methods by name. */
  readonly methods: Readonly<Record<string, MethodDescription>>;
  /** The services below it, by name. Of a router, those that are there now. */
  readonly services: Readonly<Record<string, ServiceDescription>>;
}

/**
 * The description of a method. A schema is `null` where there is none, or its
 * library cannot write it as JSON Schema.
 */
export interface MethodDescription {
  /** The arguments by position, as a caller passes them. */
  readonly args: readonly (JsonSchema | null)[] | null;
  /** Each item of the arguments that are streams, by position. */
  readonly argItems: Readonly<Record<number, JsonSchema | null>>;
  /** Each argument beyond `args`. */
  readonly rest: JsonSchema | null;
  /** The result, as a caller gets it. */
  readonly result: JsonSchema | null;
  /** Each item of the stream that is the result. */
  readonly items: JsonSchema | null;
  /** The data of the errors that the method declares, by their codes. */
  readonly errors: Readonly<Record<string, JsonSchema | null>>;
  /** Whether the method is idempotent. */
  readonly idempotent: boolean;
}

/**
 * Describes what `service` exposes, for documentation, generators and user
 * interfaces. Schemas of libraries with Standard JSON Schema are included:
 * {@link https://standardschema.dev/json-schema}.
 *
 * ```ts
 * import { describe, method, service } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 * import { z } from "npm:zod@4.6.7";
 *
 * const adder = service({
 *   add: method({ args: [z.int(), z.int()] }, (a, b) => a + b),
 * });
 * const { add } = describe(adder).methods;
 * assertEquals(add?.args?.[0]?.type, "integer");
 * ```
 */
export function describe(service: object): ServiceDescription {
  return describeBelow(service, new Set());
}

/** Services may hold each other: each is described once on a path. */
function describeBelow(
  service: object,
  above: ReadonlySet<object>,
): ServiceDescription {
  const methods: Record<string, MethodDescription> = {};
  const services: Record<string, ServiceDescription> = {};
  const path = new Set([...above, service]);
  for (const name of namesOf(service)) {
    const child = subService(service, name);
    if (child === undefined) {
      const options = methodOptions(service, name);
      if (options !== null) methods[name] = describeMethod(options);
    } else if (!path.has(child)) {
      services[name] = describeBelow(child, path);
    }
  }
  return { methods, services };
}

function namesOf(service: object): Iterable<string> {
  return service instanceof Router
    ? service.children.keys()
    : routesOf(service).keys();
}

function methodOptions(service: object, name: string): ExposeOptions | null {
  const route = routesOf(service).get(name);
  if (route?.method) return route.options;
  const value: unknown = Reflect.get(service, name);
  return typeof value === "function" ? optionsOf(value) : null;
}

function describeMethod(options: ExposeOptions): MethodDescription {
  const { args, rest, result, items, errors, idempotent = false } = options;
  return {
    args:
      args?.map((schema) =>
        "~standard" in schema ? jsonSchema(schema, "input") : null
      ) ?? null,
    argItems: Object.fromEntries(
      (args ?? []).flatMap((schema, at) =>
        "~standard" in schema ? [] : [[at, jsonSchema(schema.items, "input")]]
      ),
    ),
    rest: jsonSchema(rest, "input"),
    result: jsonSchema(result, "output"),
    items: jsonSchema(items, "output"),
    errors: Object.fromEntries(
      Object.entries(errors ?? {})
        .map(([code, schema]) => [code, jsonSchema(schema, "output")]),
    ),
    idempotent,
  };
}

/** The part of Standard JSON Schema that is used here. */
interface WithJsonSchema {
  readonly jsonSchema?: Readonly<
    Record<"input" | "output", (options: { target: string }) => JsonSchema>
  >;
}

function jsonSchema(
  schema: StandardSchema | null | undefined,
  direction: "input" | "output",
): JsonSchema | null {
  const { jsonSchema } = (schema?.["~standard"] ?? {}) as WithJsonSchema;
  try {
    return jsonSchema?.[direction]({ target: "draft-2020-12" }) ?? null;
  } catch {
    // The library says so of types such as dates.
    return null;
  }
}
