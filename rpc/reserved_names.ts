/**
 * Names that the language, consoles, loggers and test libraries look up in any
 * value. A proxy answers to them by itself, and nothing can be exposed by them:
 * a look at a proxy must never become a call.
 */
export type ReservedName =
  // deno-lint-ignore ban-types -- these types name what every object has
  | Exclude<keyof Object | keyof Function, symbol>
  | "__defineGetter__"
  | "__defineSetter__"
  | "__lookupGetter__"
  | "__lookupSetter__"
  | "__proto__"
  | "asymmetricMatch"
  | "inspect"
  | "nodeType"
  | "tagName"
  | "then"
  | "toJSON"
  | `@@${string}`
  | `$${string}`;

const RESERVED: readonly ReservedName[] = [
  // Of Object.prototype
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
  "toLocaleString",
  "toString",
  "valueOf",
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
  "__proto__",
  // Of functions, which proxies are
  "apply",
  "arguments",
  "bind",
  "call",
  "caller",
  "length",
  "name",
  "prototype",
  // Of the language: promises and JSON
  "then",
  "toJSON",
  // Of consoles and test libraries
  "asymmetricMatch",
  "inspect",
  "nodeType",
  "tagName",
];

const reserved: ReadonlySet<string> = new Set(RESERVED);

/** Whether a name is reserved: no proxy passes it on. */
export function isReservedName(name: string): name is ReservedName {
  // As React's `$$typeof` and Immutable's `@@__IMMUTABLE_LIST__@@` do.
  return reserved.has(name) || name.startsWith("$") || name.startsWith("@@");
}
