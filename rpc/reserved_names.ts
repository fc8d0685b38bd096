/**
 * Names that the language, consoles, loggers and test libraries look up in any
 * value. A proxy answers these lookups locally, and nothing can be exposed
 * under these names, so that looking at a proxy never becomes a call.
 */
export type ReservedName =
  // deno-lint-ignore ban-types -- these types name what every object has
  | Exclude<keyof Object | keyof Function, symbol>
  | typeof OTHERS[number]
  | `@@${string}`
  | `$${string}`;

const OTHERS = [
  "__defineGetter__",
  "__defineSetter__",
  "__lookupGetter__",
  "__lookupSetter__",
  "__proto__",
  // By promises and JSON
  "then",
  "toJSON",
  // By consoles and test libraries
  "asymmetricMatch",
  "inspect",
  "nodeType",
  "tagName",
] as const;

const reserved: ReadonlySet<string> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(Function.prototype),
  ...OTHERS,
  // A property of every function that is not an arrow function
  "prototype",
]);

/** Returns whether a name is reserved, so that no proxy forwards it. */
export function isReservedName(name: string): name is ReservedName {
  // `$` as in React's `$$typeof`, `@@` as in Immutable's
  // `@@__IMMUTABLE_LIST__@@`.
  return reserved.has(name) || name.startsWith("$") || name.startsWith("@@");
}
