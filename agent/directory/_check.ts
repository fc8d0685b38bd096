import { isRecord } from "../../rpc/internal.ts";
import { ValidationError } from "../../rpc/errors.ts";
import { printable } from "../../transports/printable.ts";
import { parseAgentAddress } from "../address.ts";
import {
  DIRECTORY_PAGE_SIZE,
  type DirectoryProperties,
  type DirectoryPropertyValue,
} from "./entry.ts";
import type { DEFAULT_DIRECTORY_LIMITS } from "./limits.ts";
import { messageOf } from "./_message_of.ts";
import { Query } from "./_query.ts";

/** Limits with their defaults filled in. */
export type Limits = typeof DEFAULT_DIRECTORY_LIMITS;

/** A key that is shorter could be guessed. */
const SHORTEST_KEY = 16;

/** A registration that fits. */
export interface CheckedRegistration {
  readonly type: string;
  readonly address: string;
  readonly properties: DirectoryProperties;
  readonly key: string;
}

/** A look-up that fits. */
export interface CheckedPage {
  readonly query: Query;
  readonly limit: number;
  readonly after: number;
}

/**
 * What a peer wants to register.
 *
 * @throws {ValidationError} If it does not fit.
 */
export function checkRegistration(
  options: unknown,
  limits: Limits,
): CheckedRegistration {
  const act = "Cannot register";
  const { type, address, properties, key } = fields(act, options, [
    "type",
    "address",
    "properties",
    "key",
  ]);
  return {
    type: text(`${act}: 'type'`, type, limits),
    address: agentAddress(`${act}: 'address'`, address, limits),
    properties: propertiesOf(`${act}: 'properties'`, properties, limits),
    key: key === undefined ? crypto.randomUUID() : checkKey(act, key, limits),
  };
}

/**
 * The key of an entry.
 *
 * @throws {ValidationError} If it can be none.
 */
export function checkKey(act: string, key: unknown, limits: Limits): string {
  const checked = text(`${act}: 'key'`, key, limits);
  if (checked.length >= SHORTEST_KEY) return checked;
  throw new ValidationError(
    `${act}: 'key' has ${checked.length} characters, it must have ${SHORTEST_KEY} or more`,
  );
}

/**
 * Which entries a peer wants.
 *
 * @throws {ValidationError} If it does not fit.
 */
export function checkQuery(
  act: string,
  options: unknown,
  limits: Limits,
): Query {
  return queryOf(act, fields(act, options, ["type", "match"]), limits);
}

/**
 * Which page of entries a peer wants.
 *
 * @throws {ValidationError} If it does not fit.
 */
export function checkPage(options: unknown, limits: Limits): CheckedPage {
  const act = "Cannot look up";
  const known = ["type", "match", "limit", "after"];
  const { limit, after, ...query } = fields(act, options, known);
  return {
    query: queryOf(act, query, limits),
    limit: count(`${act}: 'limit'`, limit ?? DIRECTORY_PAGE_SIZE, {
      from: 1,
      to: DIRECTORY_PAGE_SIZE,
    }),
    after: count(`${act}: 'after'`, after ?? 0, {
      from: 0,
      to: Number.MAX_SAFE_INTEGER,
    }),
  };
}

function queryOf(
  act: string,
  { type, match }: Record<string, unknown>,
  limits: Limits,
): Query {
  return new Query(
    type == null ? null : text(`${act}: 'type'`, type, limits),
    matchOf(`${act}: 'match'`, match, limits),
  );
}

function propertiesOf(
  what: string,
  value: unknown,
  limits: Limits,
): DirectoryProperties {
  // 'fromEntries' makes own properties of whatever names.
  return Object.freeze(
    Object.fromEntries(
      named(what, value, limits).map(([name, it]) => [
        name,
        propertyValue(`${what}, '${shown(name)}'`, it, limits),
      ]),
    ),
  );
}

function matchOf(
  what: string,
  value: unknown,
  limits: Limits,
): Map<string, DirectoryPropertyValue[]> {
  return new Map(
    named(what, value, limits).map(([name, it]) => {
      const values = Array.isArray(it) ? it : [it];
      notMore(`${what}, '${shown(name)}'`, values.length, limits.maxProperties);
      return [
        name,
        values.map((it) =>
          propertyValue(`${what}, '${shown(name)}'`, it, limits)
        ),
      ];
    }),
  );
}

/** Options of which all are known. */
function fields(
  act: string,
  options: unknown,
  known: readonly string[],
): Record<string, unknown> {
  const record = recordOf(`${act}: the argument`, options);
  const unknown = Object.keys(record).find((name) => !known.includes(name));
  if (unknown === undefined) return record;
  throw new ValidationError(
    `${act}: '${shown(unknown)}' is not known, there are '${
      known.join("', '")
    }'`,
  );
}

/** What is given by name, if it is not too much. */
function named(
  what: string,
  value: unknown,
  limits: Limits,
): [string, unknown][] {
  const entries = Object.entries(recordOf(what, value));
  notMore(what, entries.length, limits.maxProperties);
  for (const [name] of entries) {
    text(`${what}, a name`, name, limits);
    if (!name.startsWith("__")) continue;
    throw new ValidationError(
      `${what}: '${shown(name)}' begins with '__', rename it`,
    );
  }
  return entries;
}

/** `null` is what Python says for nothing. */
function recordOf(what: string, value: unknown): Record<string, unknown> {
  if (value == null) return {};
  if (isRecord(value)) return value;
  throw new ValidationError(
    `${what} is ${kindOf(value)}, it must be an object`,
  );
}

function notMore(what: string, length: number, most: number): void {
  if (length <= most) return;
  throw new ValidationError(
    `${what} has ${length} parts, there may be ${most}`,
  );
}

function propertyValue(
  what: string,
  value: unknown,
  limits: Limits,
): DirectoryPropertyValue {
  if (value === null || value === "" || typeof value === "boolean") {
    return value;
  }
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string") return text(what, value, limits);
  throw new ValidationError(
    `${what} is ${
      kindOf(value)
    }, it must be a string, a finite number, a boolean or null`,
  );
}

function agentAddress(what: string, value: unknown, limits: Limits): string {
  const address = text(what, value, limits);
  try {
    parseAgentAddress(address);
  } catch (cause) {
    throw new ValidationError(`${what}: ${messageOf(cause)}`, { cause });
  }
  return address;
}

function text(what: string, value: unknown, limits: Limits): string {
  if (typeof value !== "string" || value === "") {
    throw new ValidationError(
      `${what} is ${kindOf(value)}, it must be a string that is not empty`,
    );
  }
  if (value.length > limits.maxTextLength) {
    throw new ValidationError(
      `${what} has ${value.length} characters, there may be ${limits.maxTextLength}`,
    );
  }
  if (value.isWellFormed()) return value;
  throw new ValidationError(`${what} has half of a surrogate pair, mend it`);
}

function count(
  what: string,
  value: unknown,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const fits = Number.isInteger(value) && (value as number) >= from &&
    (value as number) <= to;
  if (fits) return value as number;
  throw new ValidationError(
    `${what} is ${kindOf(value)}, it must be an integer from ${from} to ${to}`,
  );
}

function kindOf(value: unknown): string {
  if (value === null || value === "" || typeof value === "number") {
    return value === "" ? "empty" : String(value);
  }
  return Array.isArray(value) ? "a list" : `of type ${typeof value}`;
}

/** A name that a peer has chosen, short enough for a message. */
function shown(name: string): string {
  return printable(name, 32);
}
