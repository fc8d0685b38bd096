import { type ExposeOptions, optionsOf } from "./expose.ts";
import type { StandardSchema } from "./schemas.ts";
import { Router, routesOf, subService } from "./service.ts";

/** A JSON Schema of version 2020-12. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The description of a service, as plain data. */
export interface ServiceDescription {
  /** The methods by name. */
  readonly methods: Readonly<Record<string, MethodDescription>>;
  /** The sub-services by name; for a router, its current children. */
  readonly services: Readonly<Record<string, ServiceDescription>>;
}

/**
 * The description of a method. A schema is `null` if there is none, or if its
 * library cannot convert it to JSON Schema.
 */
export interface MethodDescription {
  /** The schemas of the arguments by position, as a caller passes them. */
  readonly args: readonly (JsonSchema | null)[] | null;
  /** The schema of the items of each argument that is a stream, by position. */
  readonly argItems: Readonly<Record<number, JsonSchema | null>>;
  /** The schema of each argument beyond `args`. */
  readonly rest: JsonSchema | null;
  /** The schema of the result, as a caller receives it. */
  readonly result: JsonSchema | null;
  /** The schema of each item, if the result is a stream. */
  readonly items: JsonSchema | null;
  /** The schemas of the data of the declared errors, by code. */
  readonly errors: Readonly<Record<string, JsonSchema | null>>;
  /** Whether the method is idempotent. */
  readonly idempotent: boolean;
}

/**
 * Describes the exposed methods and services of `service`, for documentation,
 * generators and user interfaces. Schemas of libraries with Standard JSON
 * Schema are included: {@link https://standardschema.dev/json-schema}.
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

/** Services may reference each other, so each is described once on a path. */
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

/** The part of the Standard JSON Schema interface that is used here. */
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
    // The library throws for types that JSON Schema lacks, such as dates.
    return null;
  }
}
