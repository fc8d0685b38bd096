import type { TypeEntry } from "../channel/codecs/type_entry.ts";
import { ReferenceReleasedError } from "./errors.ts";
import {
  pathOf,
  resolveMethod,
  resolveService,
  type Target,
} from "./_resolve.ts";
import type { Caller, RemoteNode } from "./_remote_proxy.ts";
import { isService, type Method } from "./service.ts";

/** Where references begin on the wire. */
export const REFERENCE_PREFIX = "$/ref/";

/** How many references one connection may hold. */
export const MAX_REFERENCES = 65_536;

interface Reference {
  readonly key: number;
  readonly target: object;
  /** How many calls and keepers need it. */
  holds: number;
}

/** What the references need of their peer. */
export interface ReferencesOptions {
  /** The service that this side offers, if any. */
  readonly root: object | null;
  /** Makes the proxy for a path of the other side. */
  readonly makeProxy: (path: string) => unknown;
  /** What a value stands for if it is a proxy. */
  readonly nodeOf: (value: unknown) => RemoteNode | undefined;
  /** This side of the connection. */
  readonly self: Caller;
  /** Whether the other side knows how to release references. */
  readonly hasExtensions: () => boolean;
}

/**
 * Functions and services of this side that the other side may call by
 * reference, and the custom type in which they travel. A reference lives while
 * a call that passed it is pending, and as long as it is kept.
 */
export class References implements TypeEntry {
  readonly #options: ReferencesOptions;
  readonly #byKey = new Map<number, Reference>();
  readonly #byTarget = new Map<object, Reference>();
  #nextKey = 0;
  /** What the message being packed passes. */
  #passed: Reference[] | null = null;

  constructor(options: ReferencesOptions) {
    this.#options = options;
  }

  /** How many references are held. */
  get size(): number {
    return this.#byKey.size;
  }

  matches(value: object): boolean {
    return typeof value === "function" || isService(value);
  }

  pack(value: object): unknown {
    const { root, self, nodeOf, hasExtensions } = this.#options;
    const node = nodeOf(value);
    // A proxy goes home as what it stands for.
    if (node?.caller === self && hasExtensions()) return { own: node.path };
    const path = root === null || node ? null : pathOf(root, value);
    return path ?? `${REFERENCE_PREFIX}${this.#hold(value).key}`;
  }

  unpack(data: unknown): unknown {
    if (typeof data === "string") return this.#options.makeProxy(data);
    if (typeof data === "object" && data !== null && "own" in data) {
      const found = this.#own((data as { own: unknown }).own);
      if (found !== null) return found;
    }
    throw new TypeError("a service reference must be a path");
  }

  /**
   * Runs `send`, which packs a message, and returns with its result how to let
   * go of the references that it passed; `null` if there are none.
   */
  collect<T>(send: () => T): { result: T; release: (() => void) | null } {
    const before = this.#passed;
    const passed: Reference[] = [];
    this.#passed = passed;
    try {
      const result = send();
      const release = passed.length === 0
        ? null
        : () => passed.splice(0).forEach((each) => this.#release(each));
      return { result, release };
    } catch (error) {
      for (const each of passed) this.#release(each);
      throw error;
    } finally {
      this.#passed = before;
    }
  }

  /**
   * The method at `path`, which begins with {@linkcode REFERENCE_PREFIX}, or
   * `null`.
   *
   * @throws {ReferenceReleasedError} If the reference is released.
   */
  resolve(path: string): Target | null {
    const rest = path.slice(REFERENCE_PREFIX.length);
    const slash = rest.indexOf("/");
    const key = Number(slash === -1 ? rest : rest.slice(0, slash));
    const reference = this.#byKey.get(key);
    if (reference === undefined) throw released(path);
    const { target } = reference;
    const node = this.#options.nodeOf(target);
    if (node !== undefined) {
      return forward(node, rest.slice(slash + 1 || rest.length));
    }
    if (slash !== -1) return resolveMethod(target, rest.slice(slash + 1));
    if (typeof target !== "function") return null;
    return { service: undefined, method: target as Method, options: {} };
  }

  /** The other side keeps the reference `key` for longer. */
  keep(key: number): void {
    const reference = this.#byKey.get(key);
    if (reference === undefined) throw released(`${REFERENCE_PREFIX}${key}`);
    reference.holds++;
  }

  /** The other side lets go of the reference `key`, if it is there. */
  release(key: number): void {
    const reference = this.#byKey.get(key);
    if (reference !== undefined) this.#release(reference);
  }

  /** Lets go of all, as the connection is gone. */
  clear(): void {
    this.#byKey.clear();
    this.#byTarget.clear();
  }

  #hold(target: object): Reference {
    let reference = this.#byTarget.get(target);
    if (reference === undefined) {
      if (this.#byKey.size >= MAX_REFERENCES) {
        throw new RangeError(
          `${MAX_REFERENCES} references are held already; release some, or pass a service that is listed`,
        );
      }
      reference = { key: this.#nextKey++, target, holds: 0 };
      this.#byKey.set(reference.key, reference);
      this.#byTarget.set(target, reference);
    }
    reference.holds++;
    this.#passed?.push(reference);
    return reference;
  }

  #release(reference: Reference): void {
    if (--reference.holds > 0) return;
    this.#byKey.delete(reference.key);
    this.#byTarget.delete(reference.target);
  }

  /** What a proxy that came home stands for. */
  #own(path: unknown): object | null {
    if (typeof path !== "string") return null;
    if (path.startsWith(REFERENCE_PREFIX)) {
      const key = Number(path.slice(REFERENCE_PREFIX.length));
      return this.#byKey.get(key)?.target ?? null;
    }
    const { root } = this.#options;
    if (root === null || path === "") return root;
    return resolveService(root, path);
  }
}

/** The method of a proxy that was passed on to a third side. */
function forward({ caller, path, options }: RemoteNode, rest: string): Target {
  const whole = [path, rest].filter((part) => part !== "").join("/");
  return {
    service: undefined,
    method: (...args) => caller.call(whole, args, options),
    options: {},
  };
}

function released(path: string): ReferenceReleasedError {
  return new ReferenceReleasedError(
    `Cannot call '${path}': the reference is released, keep it with 'keep' for as long as it is needed`,
  );
}
