import { messageOf } from "../../channel/internal.ts";
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

/** Checks data that a peer sends. Each method throws a `ValidationError`. */
export class Checks {
  readonly #act: string;
  readonly #limits: Pick<ResolvedLimits, "maxProperties" | "maxTextLength">;

  /** Creates the checks of one act, such as `"Cannot register"`. */
  constructor(
    act: string,
    limits: Pick<ResolvedLimits, "maxProperties" | "maxTextLength">,
  ) {
    this.#act = act;
    this.#limits = limits;
  }

  registration(value: unknown): CheckedRegistration {
    const known = ["type", "address", "properties", "key"];
    const { type, address, properties, key } = this.#options(value, known);
    return {
      type: this.#text("'type'", type),
      address: this.#address(address),
      properties: this.#properties(properties),
      key: key === undefined ? world.uuid() : this.key(key),
    };
  }

  key(value: unknown): string {
    const { length } = this.#text("'key'", value);
    if (length >= MIN_KEY_LENGTH) return value as string;
    throw this.#error(
      `'key' has ${length} characters, it must have ${MIN_KEY_LENGTH} or more`,
    );
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

  /** Checks an entry that a directory sent. */
  entry(value: unknown): DirectoryEntry {
    const { id, address, type, properties } = this.#record("entry", value);
    return {
      id: this.#integer("'id'", id, 1),
      address: this.#address(address),
      type: this.#text("'type'", type),
      properties: this.#properties(properties ?? "missing"),
    };
  }

  /** Checks a page that a directory sent: ids grow from `after`. */
  entries(value: unknown, after: number, limit: number): DirectoryEntry[] {
    if (!Array.isArray(value) || value.length > limit) {
      throw this.#error(`it is not a list of ${limit} entries or fewer`);
    }
    let last = after;
    return value.map((item) => {
      const entry = this.entry(item);
      // Else looking up might never come to an end.
      if (entry.id <= last) throw this.#error("an entry is out of order");
      last = entry.id;
      return entry;
    });
  }

  /** Checks a change that a directory sent. */
  change(value: unknown): DirectoryChange {
    const { kind, entry } = this.#record("change", value);
    if (kind === "added" || kind === "changed" || kind === "removed") {
      return { kind, entry: this.entry(entry) };
    }
    throw this.#error("'kind' is unknown");
  }

  #query({ type, match }: Record<string, unknown>): Query {
    return {
      type: type == null ? null : this.#text("'type'", type),
      match: this.#named("'match'", match, (what, it) => {
        const values = Array.isArray(it) ? it : [it];
        this.#checkCount(what, values.length);
        return values.map((value) => this.#propertyValue(what, value));
      }),
    };
  }

  #properties(value: unknown): DirectoryProperties {
    // 'fromEntries' makes own properties, whatever their names.
    return Object.freeze(Object.fromEntries(
      this.#named(
        "'properties'",
        value,
        (what, it) => this.#propertyValue(what, it),
      ),
    ));
  }

  /** Checks each value of a record, and the names. */
  #named<T>(
    what: string,
    value: unknown,
    check: (what: string, value: unknown) => T,
  ): [name: string, value: T][] {
    const entries = Object.entries(this.#record(what, value));
    this.#checkCount(what, entries.length);
    return entries.map(([name, it]) => {
      const named = `${what}, '${printable(name, 32)}'`;
      this.#text(`${what}, a name`, name);
      if (!name.startsWith("__")) return [name, check(named, it)];
      throw this.#error(`${named} begins with '__', rename it`);
    });
  }

  #options(value: unknown, known: readonly string[]): Record<string, unknown> {
    const record = this.#record("the argument", value);
    const other = Object.keys(record).find((name) => !known.includes(name));
    if (other === undefined) return record;
    throw this.#error(
      `'${printable(other, 32)}' is unknown, use '${known.join("', '")}'`,
    );
  }

  /** `null` is what Python sends for nothing. */
  #record(what: string, value: unknown): Record<string, unknown> {
    if (value == null) return {};
    if (isRecord(value)) return value;
    throw this.#error(`${what} is ${kindOf(value)}, it must be an object`);
  }

  #checkCount(what: string, count: number): void {
    const { maxProperties } = this.#limits;
    if (count <= maxProperties) return;
    throw this.#error(`${what} has ${count} parts, at most ${maxProperties}`);
  }

  #propertyValue(what: string, value: unknown): DirectoryPropertyValue {
    if (value === null || value === "" || typeof value === "boolean") {
      return value;
    }
    if (typeof value === "number" && Number.isFinite(value)) return value;
    if (typeof value === "string") return this.#text(what, value);
    throw this.#error(
      `${what} is ${
        kindOf(value)
      }, it must be a string, a finite number, a boolean or null`,
    );
  }

  #address(value: unknown): string {
    const address = this.#text("'address'", value);
    try {
      parseAgentAddress(address);
      return address;
    } catch (cause) {
      throw this.#error(`'address': ${messageOf(cause)}`, cause);
    }
  }

  #text(what: string, value: unknown): string {
    const { maxTextLength } = this.#limits;
    if (typeof value !== "string" || value === "") {
      throw this.#error(`${what} is ${kindOf(value)}, it must be a text`);
    }
    if (value.length > maxTextLength) {
      throw this.#error(
        `${what} has ${value.length} characters, at most ${maxTextLength}`,
      );
    }
    if (value.isWellFormed()) return value;
    throw this.#error(`${what} has half of a surrogate pair, mend it`);
  }

  #integer(
    what: string,
    value: unknown,
    from: number,
    to = Number.MAX_SAFE_INTEGER,
  ): number {
    const number = Number.isInteger(value) ? value as number : NaN;
    if (number >= from && number <= to) return number;
    throw this.#error(
      `${what} is ${
        kindOf(value)
      }, it must be an integer from ${from} to ${to}`,
    );
  }

  #error(problem: string, cause?: unknown): ValidationError {
    return new ValidationError(`${this.#act}: ${problem}`, { cause });
  }
}

function kindOf(value: unknown): string {
  if (value === "") return "empty";
  if (value === null || typeof value === "number") return String(value);
  return Array.isArray(value) ? "a list" : `of type ${typeof value}`;
}
