import {
  type Random,
  randomInteger,
} from "../../../testing/network/_random.ts";
import { pick } from "../_values.ts";
import { CANARY, type Known } from "./known.ts";
import { ADDRESSES, KEYS, LANGUAGE_NAMES, NAMES, TEXTS } from "./texts.ts";

/** What lies are made for. */
export interface LiesOptions {
  readonly random: Random;
  readonly known: Known;
  /** The id of the custom type of references; `null` where there is none. */
  readonly typeId: number | null;
  /** Paths that lead somewhere on the other side. */
  readonly paths: readonly string[];
  /** Those of them that nobody may call. */
  readonly forbidden: readonly string[];
  /** Addresses of agents that exist. */
  readonly addresses: readonly string[];
}

/** Names under which the language, consoles and loggers call what they find. */
const TRAPS = ["toJSON", "toString", "valueOf", "toLocaleString", "inspect"];

const NUMBERS = [0, -1, 0.5, 1e308, -0, 2 ** 53, -(2 ** 31), NaN, Infinity];

/** Makes values that are right in form and wrong in what they claim. */
export class Lies {
  readonly #options: LiesOptions;

  constructor(options: LiesOptions) {
    this.#options = options;
  }

  get random(): Random {
    return this.#options.random;
  }

  /** An integer from `low` to `high`. */
  integer(low: number, high: number): number {
    return randomInteger(this.random, low, high);
  }

  /** One of the arguments. */
  pick<T>(...items: readonly T[]): T {
    return pick(this.random, items);
  }

  /** Whether something of this chance happens. */
  chance(share: number): boolean {
    return this.random() < share;
  }

  /** Any value, at most so deep. */
  value(depth: number = 3): unknown {
    switch (this.integer(0, depth > 0 ? 9 : 4)) {
      case 0:
        return this.pick(null, true, false);
      case 1:
        return this.number();
      case 2:
      case 3:
        return pick(this.random, TEXTS);
      case 4:
        return this.pick<unknown>([], {}, "", [[]], [{}]);
      case 5:
        return this.list(depth - 1);
      case 6:
        return this.map(depth - 1);
      case 7:
        return this.thenable(depth - 1);
      default:
        return this.reference();
    }
  }

  number(): number {
    return pick(this.random, NUMBERS);
  }

  text(): string {
    return pick(this.random, TEXTS);
  }

  /** A name of an agent or a class, or no text at all. */
  name(): unknown {
    return this.chance(0.8) ? pick(this.random, NAMES) : this.value(2);
  }

  /** An address of somebody else, or of nobody. */
  address(): string {
    const { addresses } = this.#options;
    return addresses.length > 0 && this.chance(0.4)
      ? pick(this.random, addresses)
      : pick(this.random, ADDRESSES);
  }

  list(depth: number): unknown[] {
    return Array.from(
      { length: this.integer(0, 4) },
      () => this.value(depth),
    );
  }

  map(depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let left = this.integer(0, 4); left > 0; left--) {
      this.set(map, pick(this.random, KEYS), this.value(depth));
    }
    return map;
  }

  /** Sets an own key, `__proto__` among them. */
  set(map: object, key: string, value: unknown): void {
    Object.defineProperty(map, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }

  /** Something that has a `then`, or another name that the language calls. */
  thenable(depth: number = 1): unknown {
    const name = this.chance(0.8)
      ? "then"
      : this.pick("toJSON", "toString", "valueOf", "constructor", "catch");
    const then = this.chance(0.85) ? this.reference() : this.value(0);
    const map: Record<string, unknown> = { amount: this.integer(-9, 9) };
    this.set(map, name, then);
    let value: unknown = map;
    for (let around = this.integer(0, Math.max(0, depth)); around > 0;) {
      around--;
      value = this.chance(0.5) ? [value] : { inner: value };
    }
    return value;
  }

  /** Data that calls {@linkcode CANARY}, should the language ask it anything. */
  trap(): unknown {
    const { typeId, known } = this.#options;
    // To a peer without extensions it would be a function that forwards.
    if (typeId === null || !known.isExtended) return this.value();
    if (this.chance(0.3)) return this.value();
    const canary = { __type__: [typeId, CANARY] };
    const map: Record<string, unknown> = { amount: 5 };
    this.set(map, this.pick("then", "then", ...TRAPS), canary);
    return this.pick<unknown>(map, [map], { inner: [map] }, canary);
  }

  /** A custom value: mostly a reference, its data of any kind. */
  reference(): unknown {
    const { typeId } = this.#options;
    if (this.chance(0.05)) {
      return this.pick<unknown>(
        { __type__: [] },
        { __type__: [0, 1, 2] },
        { __type__: "0" },
        { __type__: [0, null], other: 1 },
        { __type__: { 0: 0 } },
      );
    }
    const id = typeId === null || this.chance(0.05)
      ? this.pick<unknown>(-1, 0, 1, 2, 99, 1.5, "0", null, 2 ** 53)
      : typeId;
    return { __type__: [id, this.referenceData()] };
  }

  referenceData(): unknown {
    switch (this.integer(0, 11)) {
      case 0:
      case 1:
      case 2:
        return `$/ref/${this.integer(0, 9)}`;
      case 3:
      case 4:
        return `$/stream/${this.integer(0, 9)}`;
      case 5:
      case 6:
      case 7:
        return { own: this.innocentPath() };
      case 8:
        return { place: this.place() };
      case 9:
        return { path: this.innocentPath(), place: this.place() };
      case 10:
        return this.innocentPath();
      default:
        return this.chance(0.5) ? this.reference() : this.value(1);
    }
  }

  place(): unknown {
    return { address: this.address(), type: this.name() };
  }

  /** A path that, when it is called, was not made up by the language. */
  innocentPath(): string {
    const path = this.path();
    const name = path.slice(path.lastIndexOf("/") + 1);
    return LANGUAGE_NAMES.has(name) ? "echo" : path;
  }

  /** A path that leads somewhere, spelled rightly or not, or that was passed. */
  path(): string {
    const { paths, forbidden, known } = this.#options;
    if (this.chance(0.4)) return this.bend(pick(this.random, forbidden));
    if (known.references.length > 0 && this.chance(0.2)) {
      return this.bend(pick(this.random, known.references));
    }
    return this.chance(0.7) ? this.bend(pick(this.random, paths)) : this.pick(
      "",
      "/",
      "__proto__/toString",
      "constructor",
      "secret",
      "agents",
      "agents/",
      "$/ref/0",
      "$/ref/00",
      "$/ref/-1",
      "$/ref/1e1",
      "$/ref/0/call",
      `$/ref/${"9".repeat(20)}`,
      "$/",
      "$/ref",
      "$/stream/0",
      "a/".repeat(500),
      this.text(),
    );
  }

  /** Another spelling of a path, or the path itself. */
  bend(path: string): string {
    switch (this.integer(0, 15)) {
      case 0:
        return `/${path}`;
      case 1:
        return `${path}/`;
      case 2:
        return path.replace("/", "//");
      case 3:
        return `./${path}`;
      case 4:
        return `x/../${path}`;
      case 5:
        return `${path}/${
          this.pick("call", "apply", "bind", "then", "toJSON")
        }`;
      case 6:
        return path.toUpperCase();
      case 7:
        return `${path}\0`;
      case 8:
        return encodeURIComponent(path);
      default:
        return path;
    }
  }
}
