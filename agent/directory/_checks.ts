import { describeValue } from "../../channel/message.ts";
import { ValidationError } from "../../rpc/errors.ts";
import type {
  SchemaResult,
  StandardSchema,
} from "../../rpc/service/schemas.ts";
import { isRecord } from "../../rpc/internal.ts";
import { printable } from "../../transports/printable.ts";
import { parseAgentAddress } from "../address.ts";
import {
  DIRECTORY_PAGE_SIZE,
  type DirectoryEntry,
  type DirectoryNews,
  type DirectoryPage,
  type DirectoryProperties,
  type DirectoryPropertyValue,
  type DirectoryQuery,
  type DirectoryRegistration,
} from "./entry.ts";

/**
 * Returns a value if it is valid; an omitted optional value or `null` becomes
 * `undefined`. Throws a `ValidationError` that calls the value `name`.
 */
type Check<T> = (value: unknown, name: string) => T;

/** The name of a value that is not part of another one. */
const WHOLE = "it";

/** Returns the name of the member `key` of the value called `name`. */
function memberOf(name: string, key: string): string {
  const member = `'${printable(key, 32)}'`;
  return name === WHOLE ? member : `${member} of ${name}`;
}

/**
 * Returns a value if it passes `check`. `act` begins the message of the error.
 *
 * @throws {ValidationError} If it does not.
 */
export function checked<T>(act: string, check: Check<T>, value: unknown): T {
  try {
    return check(value, WHOLE);
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    throw new ValidationError(`${act}: ${error.message}`);
  }
}

/** Turns a check into a schema for `expose`. */
export function schema<T>(check: Check<T>): StandardSchema<T> {
  const validate = (value: unknown): SchemaResult<T> => {
    try {
      return { value: check(value, WHOLE) };
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      return { issues: [{ message: error.message }] };
    }
  };
  return { "~standard": { version: 1, vendor: "denomas", validate } };
}

function fitting<T>(
  isFit: (value: unknown) => boolean,
  wanted: string,
): Check<T> {
  return (value, name) => {
    if (isFit(value)) return value as T;
    throw new ValidationError(
      `${name} is ${describeValue(value)}, it must be ${wanted}`,
    );
  };
}

/**
 * Also accepts `undefined`, and `null`, which Python sends for a missing value.
 */
function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, name) => value == null ? undefined : check(value, name);
}

/** Checks integers from `min` to `max`. */
export function integer(
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): Check<number> {
  return fitting(
    (it) => Number.isInteger(it) && Number(it) >= min && Number(it) <= max,
    max === Number.MAX_SAFE_INTEGER
      ? `an integer of ${min} or more`
      : `an integer from ${min} to ${max}`,
  );
}

/** Checks lists of at most `max` items. */
export function list<T>(item: Check<T>, max: number): Check<T[]> {
  const check = fitting<unknown[]>(
    (it) => Array.isArray(it) && it.length <= max,
    `a list of at most ${max} items`,
  );
  return (value, name) =>
    check(value, name).map((it) => item(it, `an item of ${name}`));
}

const object = fitting<Readonly<Record<string, unknown>>>(
  isRecord,
  "an object",
);

/** Checks the named members of objects, and drops all others. */
function members<T>(
  shape: { readonly [K in keyof T]-?: Check<T[K]> },
): Check<T> {
  const names = Object.keys(shape) as (keyof T & string)[];
  return (value, name) => {
    const given = object(value, name);
    return Object.fromEntries(
      names.map((it) => [it, shape[it](given[it], memberOf(name, it))]),
    ) as T;
  };
}

/**
 * Checks option objects. They may be missing, and must not have other members.
 */
function options<T>(
  shape: { readonly [K in keyof T]-?: Check<T[K]> },
): Check<T> {
  const known = Object.keys(shape);
  const option = fitting(
    (it) => known.includes(String(it)),
    `one of '${known.join("', '")}'`,
  );
  return (value, name) => {
    const given = object(value ?? {}, name);
    for (const it of Object.keys(given)) option(it, "an option");
    return members(shape)(given, name);
  };
}

/** The maximum length of a text, in UTF-16 units. */
const MAX_TEXT = 256;

/**
 * The most properties of an entry or a query, and the most values per property.
 */
const MAX_PROPERTIES = 16;

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length <= MAX_TEXT &&
    value.isWellFormed();
}

function isAgentAddress(value: unknown): boolean {
  try {
    return isText(value) && parseAgentAddress(value) !== null;
  } catch {
    return false;
  }
}

const text = fitting<string>(
  (it) => isText(it) && it !== "",
  `a well-formed text of 1 to ${MAX_TEXT} characters`,
);

const address = fitting<string>(isAgentAddress, "the address of an agent");

const propertyName = fitting<string>(
  (it) => isText(it) && it !== "" && !it.startsWith("__"),
  `a well-formed text of 1 to ${MAX_TEXT} characters, without '__' before it`,
);

const propertyValue = fitting<DirectoryPropertyValue>(
  (it) =>
    it === null || typeof it === "boolean" || Number.isFinite(it) || isText(it),
  `a text of at most ${MAX_TEXT} characters, a finite number, a boolean or null`,
);

/** Checks objects with arbitrary names. */
function named<T>(check: Check<T>): Check<Readonly<Record<string, T>>> {
  return (value, name) => {
    const entries = Object.entries(object(value, name));
    integer(0, MAX_PROPERTIES)(entries.length, `the size of ${name}`);
    const checked = entries.map(([key, it]) => {
      propertyName(key, `a name in ${name}`);
      return [key, check(it, memberOf(name, key))] as const;
    });
    // `fromEntries` makes own properties, even of a name like `__proto__`.
    return Object.freeze(Object.fromEntries(checked));
  };
}

/** Checks the properties of an entry. */
export const properties: Check<DirectoryProperties> = named(propertyValue);

/** Checks keys. A shorter key could be guessed. */
export const key = fitting<string>(
  (it) => isText(it) && it.length >= 16,
  `a well-formed text of 16 to ${MAX_TEXT} characters`,
);

/** Checks the options of `DirectoryClient.register`. */
export const registered: Check<
  Pick<DirectoryRegistration, "type" | "properties">
> = options({
  type: text,
  properties: optional(properties),
});

export const registration: Check<DirectoryRegistration> = options({
  type: text,
  address,
  properties: optional(properties),
  key: optional(key),
  isHidden: optional(
    fitting<boolean>((it) => typeof it === "boolean", "true or false"),
  ),
});

const ofQuery = {
  type: optional(text),
  match: optional(
    named<DirectoryPropertyValue | readonly DirectoryPropertyValue[]>(
      (value, name) =>
        Array.isArray(value)
          ? list(propertyValue, MAX_PROPERTIES)(value, name)
          : propertyValue(value, name),
    ),
  ),
};

export const query: Check<DirectoryQuery> = options(ofQuery);

/** Checks the options of `DirectoryClient.lookUp`. */
export const lookedUp: Check<
  DirectoryQuery & Pick<DirectoryPage, "limit">
> = options({
  ...ofQuery,
  limit: optional(integer(0)),
});

/** Checks the options of `DirectoryClient.subscribe`. */
export const subscribed: Check<
  DirectoryQuery & { readonly signal?: AbortSignal | undefined }
> = options({
  ...ofQuery,
  signal: optional(
    fitting<AbortSignal>((it) => it instanceof AbortSignal, "an AbortSignal"),
  ),
});

export const page: Check<DirectoryPage> = options({
  ...ofQuery,
  limit: optional(integer(1, DIRECTORY_PAGE_SIZE)),
  after: optional(integer(0)),
});

/** Checks an entry that a directory sends. */
export const entry: Check<DirectoryEntry> = members({
  id: integer(1),
  address,
  type: text,
  properties,
});

/** Checks the state of an entry that a directory sends to a subscriber. */
export const news: Check<DirectoryNews> = members({
  id: integer(1),
  entry: (value, name) => value === null ? null : entry(value, name),
});

/** Returns whether an entry matches a query. */
export function fits(
  { type, match }: DirectoryQuery,
  entry: DirectoryEntry,
): boolean {
  if (type !== undefined && type !== entry.type) return false;
  for (const name in match) {
    const wanted = match[name];
    const value = entry.properties[name]!;
    const isWanted = Array.isArray(wanted)
      ? wanted.includes(value)
      : wanted === value;
    if (!isWanted) return false;
  }
  return true;
}
