import { isRecord } from "../../rpc/internal.ts";
import { ValidationError } from "../../rpc/errors.ts";
import { printable } from "../../transports/printable.ts";
import { world } from "../../transports/internal.ts";
import { parseAgentAddress } from "../address.ts";
import {
  DIRECTORY_PAGE_SIZE,
  type DirectoryChange,
  type DirectoryEntry,
  type DirectoryProperties,
  type DirectoryPropertyValue,
} from "./entry.ts";
import type { ResolvedLimits } from "./limits.ts";

/** A shorter key could be guessed. */
const MIN_KEY_LENGTH = 16;

/** A registration that was checked. */
export interface CheckedRegistration {
  readonly type: string;
  readonly address: string;
  readonly properties: DirectoryProperties;
  readonly key: string;
}

/** A query that was checked. */
export interface Query {
  /** The type of the entries, or `null` for any. */
  readonly type: string | null;
  /** The values that each property may have. */
  readonly match: readonly [name: string, values: readonly unknown[]][];
}

/** A look-up that was checked. */
export interface CheckedPage {
  readonly query: Query;
  readonly limit: number;
  readonly after: number;
}

/** Whether an entry fits a query. */
export function fits({ type, match }: Query, entry: DirectoryEntry): boolean {
  return (type === null || type === entry.type) &&
    match.every(([name, values]) => values.includes(entry.properties[name]));
}

/** The limits of single values. */
type ValueLimits = Pick<ResolvedLimits, "maxProperties" | "maxTextLength">;

/** Checks data that a peer sends. Each method throws a `ValidationError`. */
export class Checks {
  readonly #act: string;
  readonly #limits: ValueLimits;

  /** Creates the checks of one act, such as `"Cannot register"`. */
  constructor(act: string, limits: ValueLimits) {
    this.#act = act;
    this.#limits = limits;
  }

  registration(value: unknown): CheckedRegistration {
    const known = ["type", "address", "properties", "key"];
    const { type, address, properties, key } = this.#options(value, known);
    return {
      type: this.#text("'type'", type),
      address: this.#address(address),
      properties: this.#properties(properties ?? {}),
      key: key === undefined ? world.uuid() : this.key(key),
    };
  }

  key(value: unknown): string {
    const key = this.#text("'key'", value);
    if (key.length >= MIN_KEY_LENGTH) return key;
    const wanted = `a text of ${MIN_KEY_LENGTH} characters or more`;
    throw this.#error("'key'", value, wanted);
  }

  query(value: unknown): Query {
    return this.#query(this.#options(value, ["type", "match"]));
  }

  page(value: unknown): CheckedPage {
    const known = ["type", "match", "limit", "after"];
    const options = this.#options(value, known);
    const { limit = DIRECTORY_PAGE_SIZE, after = 0 } = options;
    return {
      query: this.#query(options),
      limit: this.#integer("'limit'", limit, 1, DIRECTORY_PAGE_SIZE),
      after: this.#integer("'after'", after, 0),
    };
  }

  /** Checks a page that a directory sent: ids grow from `after`. */
  entries(value: unknown, after: number, limit: number): DirectoryEntry[] {
    if (!Array.isArray(value) || value.length > limit) {
      throw this.#error("it", value, `a list of at most ${limit} entries`);
    }
    let last = after;
    return value.map((item) => {
      // In order, since looking up might never come to an end otherwise.
      const entry = this.#entry(item, last + 1);
      last = entry.id;
      return entry;
    });
  }

  /** Checks a change that a directory sent. */
  change(value: unknown): DirectoryChange {
    const { kind, entry } = this.#record("it", value);
    if (kind === "added" || kind === "changed" || kind === "removed") {
      return { kind, entry: this.#entry(entry, 1) };
    }
    throw this.#error("'kind'", kind, "a kind of change");
  }

  #entry(value: unknown, minId: number): DirectoryEntry {
    const { id, address, type, properties } = this.#record("an entry", value);
    return {
      id: this.#integer("'id'", id, minId),
      address: this.#address(address),
      type: this.#text("'type'", type),
      properties: this.#properties(properties),
    };
  }

  #query({ type, match }: Record<string, unknown>): Query {
    return {
      type: type == null ? null : this.#text("'type'", type),
      match: this.#named("'match'", match ?? {}, (what, it) => {
        const values = Array.isArray(it) ? it : [it];
        this.#integer(
          `the number of values of ${what}`,
          values.length,
          0,
          this.#limits.maxProperties,
        );
        return values.map((value) => this.#propertyValue(what, value));
      }),
    };
  }

  #properties(value: unknown): DirectoryProperties {
    const entries = this.#named(
      "'properties'",
      value,
      (what, it) => this.#propertyValue(what, it),
    );
    // 'fromEntries' makes own properties, whatever their names.
    return Object.freeze(Object.fromEntries(entries));
  }

  /** Checks the names and values of a record. */
  #named<T>(
    what: string,
    value: unknown,
    check: (what: string, value: unknown) => T,
  ): [name: string, value: T][] {
    const entries = Object.entries(this.#record(what, value));
    const { maxProperties } = this.#limits;
    this.#integer(`the size of ${what}`, entries.length, 0, maxProperties);
    return entries.map(([name, it]) => {
      this.#text(`a name in ${what}`, name);
      if (name.startsWith("__")) {
        throw this.#error(`a name in ${what}`, name, "one without '__'");
      }
      return [name, check(`${what}, '${printable(name, 32)}'`, it)];
    });
  }

  /** Checks options, all of which must be known. */
  #options(value: unknown, known: readonly string[]): Record<string, unknown> {
    // `null` is what Python sends for nothing.
    const record = this.#record("the argument", value ?? {});
    const other = Object.keys(record).find((name) => !known.includes(name));
    if (other === undefined) return record;
    throw this.#error("an option", other, `one of '${known.join("', '")}'`);
  }

  #record(what: string, value: unknown): Record<string, unknown> {
    if (isRecord(value)) return value;
    throw this.#error(what, value, "an object");
  }

  #propertyValue(what: string, value: unknown): DirectoryPropertyValue {
    if (value === null || value === "" || typeof value === "boolean") {
      return value;
    }
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string") return this.#text(what, value);
    throw this.#error(
      what,
      value,
      "a text, a finite number, a boolean or null",
    );
  }

  #address(value: unknown): string {
    const address = this.#text("'address'", value);
    try {
      parseAgentAddress(address);
      return address;
    } catch (cause) {
      throw this.#error("'address'", value, "the address of an agent", cause);
    }
  }

  #text(what: string, value: unknown): string {
    const { maxTextLength } = this.#limits;
    const isText = typeof value === "string" && value !== "" &&
      value.length <= maxTextLength && value.isWellFormed();
    if (isText) return value;
    const wanted = `a well-formed text of 1 to ${maxTextLength} characters`;
    throw this.#error(what, value, wanted);
  }

  #integer(
    what: string,
    value: unknown,
    min: number,
    max = Number.MAX_SAFE_INTEGER,
  ): number {
    const number = Number.isInteger(value) ? value as number : NaN;
    if (number >= min && number <= max) return number;
    throw this.#error(what, value, `an integer from ${min} to ${max}`);
  }

  #error(
    what: string,
    value: unknown,
    wanted: string,
    cause?: unknown,
  ): ValidationError {
    return new ValidationError(
      `${this.#act}: ${what} is ${describe(value)}, it must be ${wanted}`,
      { cause },
    );
  }
}

/** Describes data of a peer in a few words. */
function describe(value: unknown): string {
  if (value === "") return "empty";
  if (typeof value === "string") return `'${printable(value, 64)}'`;
  if (value === null || typeof value === "number") return String(value);
  return Array.isArray(value) ? "a list" : `of type ${typeof value}`;
}
