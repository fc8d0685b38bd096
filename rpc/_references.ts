import type { TypeEntry } from "../channel/codecs/type_entry.ts";
import { ReferenceReleasedError } from "./errors.ts";
import {
  pathOf,
  resolveMethod,
  resolveService,
  type Target,
} from "./_resolve.ts";
import { call } from "./call.ts";
import { passOn } from "./_failure.ts";
import {
  asMessageContext,
  type Hold,
  type MessageContext,
} from "./_message_context.ts";
import type { ArrivalContext } from "../channel/message_context.ts";
import type { Places } from "./_places.ts";
import {
  type Caller,
  type Claim,
  makeRemote,
  type Place,
  type RemoteNode,
  remoteNode,
} from "./_remote_proxy.ts";
import { isService, type Method } from "./service.ts";

/** Where references begin on the wire. */
export const REFERENCE_PREFIX = "$/ref/";

/** The longest address, or class's name, that is taken from the other side. */
const MAX_PLACE_LENGTH = 1_024;

/** How many references one side may hold, where nothing else is asked for. */
export const MAX_REFERENCES = 65_536;

/** How many holds of each kind there are; without any it is released. */
interface Reference extends Record<Hold, number> {
  readonly key: number;
  readonly target: object;
}

/** What the references need of their peer. */
export interface ReferencesOptions {
  /** The service that this side offers, if any. */
  readonly root: object | null;
  /** This side of the connection. */
  readonly self: Caller;
  /** Whether the other side knows how to release references. */
  readonly hasExtensions: () => boolean;
  /** How what has an address travels, if this side knows. */
  readonly places: Places | null;
  /** Whether the other side knows that, too. */
  readonly takesPlaces: () => boolean;
  /** How many references may be held. */
  readonly maxReferences: number;
}

/**
 * Functions and services of this side that the other side may call by
 * reference, and the custom type in which they travel. A reference lives while
 * a call that passed it is pending; what was kept or returned, until the other
 * side gives it back. Both are counted apart, so that a side which gives back
 * too much takes nothing from a call.
 */
export class References implements TypeEntry {
  readonly #options: ReferencesOptions;
  readonly #byKey = new Map<number, Reference>();
  readonly #byTarget = new Map<object, Reference>();
  #nextKey = 0;

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

  pack(value: object, context: unknown): unknown {
    const { self, hasExtensions, places, takesPlaces } = this.#options;
    const node = remoteNode(value);
    // A proxy goes home as what it stands for.
    if (node?.caller === self && hasExtensions()) return { own: node.path };
    const own = node === undefined ? places?.placeOf(value) ?? null : null;
    const place = node?.place ?? own;
    const path = () =>
      own?.path ?? this.#pathOf(value, asMessageContext(context));
    if (!place || !takesPlaces()) return path();
    const { address, type } = place;
    // What others can reach by themselves needs no one in between.
    const isElsewhere = own === null || own.path === null;
    return {
      ...(!isElsewhere && { path: own.path }),
      place: { address, type },
    };
  }

  #pathOf(value: object, context: MessageContext | null): string {
    const { root } = this.#options;
    const isListed = root !== null && remoteNode(value) === undefined;
    const path = isListed ? pathOf(root, value) : null;
    return path ?? `${REFERENCE_PREFIX}${this.#hold(value, context).key}`;
  }

  unpack(data: unknown, context: unknown): unknown {
    const claim = claimOf(context as ArrivalContext);
    if (typeof data === "string") return this.#makeProxy(data, claim);
    if (typeof data === "object" && data !== null) {
      const { own, path, place } = data as Record<string, unknown>;
      const found = this.#own(own) ?? this.#placed(path, place, claim);
      if (found !== null) return found;
    }
    throw new TypeError("a service reference must be the path of a service");
  }

  /**
   * The method at `path`, which begins with {@linkcode REFERENCE_PREFIX}, or
   * `null`.
   *
   * @throws {ReferenceReleasedError} If the reference is released.
   */
  resolve(path: string): Target | null {
    const rest = path.slice(REFERENCE_PREFIX.length);
    const reference = this.#byKey.get(referenceKey(path));
    if (reference === undefined) throw released(path);
    const { target } = reference;
    const slash = rest.indexOf("/");
    const below = slash === -1 ? "" : rest.slice(slash + 1);
    const node = remoteNode(target);
    if (node !== undefined) return forward(node, below);
    if (slash !== -1) return resolveMethod(target, below);
    if (typeof target !== "function") return null;
    return { service: undefined, method: target as Method, options: {} };
  }

  /** The other side keeps the reference `key` for longer. */
  keep(key: number): void {
    const reference = this.#byKey.get(key);
    if (reference === undefined) throw released(`${REFERENCE_PREFIX}${key}`);
    reference.owned++;
  }

  /** The other side gives the reference `key` back, if it has it. */
  release(key: number): void {
    const reference = this.#byKey.get(key);
    if (reference !== undefined && reference.owned > 0) {
      this.#letGo(reference, "owned");
    }
  }

  /** Lets go of all, as the connection is gone. */
  clear(): void {
    this.#byKey.clear();
    this.#byTarget.clear();
  }

  #hold(target: object, context: MessageContext | null): Reference {
    const reference = this.#byTarget.get(target) ?? this.#add(target);
    const hold = context?.hold ?? "owned";
    reference[hold]++;
    context?.addReference(() => this.#letGo(reference, hold));
    return reference;
  }

  #add(target: object): Reference {
    const { maxReferences } = this.#options;
    if (this.#byKey.size >= maxReferences) {
      throw new RangeError(
        `${maxReferences} references are held already; dispose of some on the other side, pass a service that is listed, or raise 'maxReferences'`,
      );
    }
    const reference = { key: this.#nextKey++, target, borrowed: 0, owned: 0 };
    this.#byKey.set(reference.key, reference);
    this.#byTarget.set(target, reference);
    return reference;
  }

  #letGo(reference: Reference, hold: Hold): void {
    reference[hold]--;
    if (reference.borrowed + reference.owned > 0) return;
    // The connection may have ended, and its references with it.
    if (!this.#byKey.delete(reference.key)) return;
    this.#byTarget.delete(reference.target);
  }

  #makeProxy(
    path: string,
    state: Claim["state"],
    place: Place | null = null,
  ): object {
    const { self } = this.#options;
    return path.startsWith(REFERENCE_PREFIX)
      ? makeRemote(self, path, { claim: { state }, place })
      : makeRemote(self, path, { place });
  }

  /** What has a place of its own, on this connection if it has a path. */
  #placed(
    path: unknown,
    place: unknown,
    state: Claim["state"],
  ): object | null {
    const { places } = this.#options;
    if (places === null || !isPlace(place)) return null;
    return typeof path === "string"
      ? this.#makeProxy(path, state, place)
      : places.open(place);
  }

  /** What a proxy that came home stands for. */
  #own(path: unknown): object | null {
    if (typeof path !== "string") return null;
    return this.#options.places?.openPath(path) ?? this.#ownAt(path);
  }

  #ownAt(path: string): object | null {
    if (!path.startsWith(REFERENCE_PREFIX)) {
      const { root } = this.#options;
      return root === null ? null : ownAt(root, path);
    }
    const target = this.#byKey.get(referenceKey(path))?.target;
    if (target === undefined) throw released(path);
    const slash = path.indexOf("/", REFERENCE_PREFIX.length);
    return ownAt(target, slash === -1 ? "" : path.slice(slash + 1));
  }
}

/**
 * What a request brings is borrowed for the length of its call; what a reply
 * brings is owned.
 */
function claimOf({ kind }: ArrivalContext): Claim["state"] {
  return kind === "request" ? "borrowed" : "owned";
}

/** Whether data of the other side tells a place. */
function isPlace(data: unknown): data is Place {
  if (typeof data !== "object" || data === null) return false;
  const { address, type } = data as Record<string, unknown>;
  return [address, type].every((text) =>
    typeof text === "string" && text.length <= MAX_PLACE_LENGTH &&
    // It is shown in logs, where a line break would begin a line of its own.
    !/\p{Cc}/u.test(text)
  );
}

/** The key in a path that begins with {@linkcode REFERENCE_PREFIX}, or NaN. */
export function referenceKey(path: string): number {
  const [key] = path.slice(REFERENCE_PREFIX.length).split("/", 1);
  return /^\d{1,15}$/.test(key!) ? Number(key) : NaN;
}

/** What is at `path` below something of this side: a service or a method. */
function ownAt(target: object, path: string): object | null {
  if (path === "") return target;
  const node = remoteNode(target);
  if (node !== undefined) {
    const { caller, options } = node;
    return makeRemote(caller, join(node.path, path), { options });
  }
  const service = resolveService(target, path);
  if (service !== null) return service;
  const method = resolveMethod(target, path);
  return method &&
    ((...args: unknown[]) => method.method.apply(method.service, args));
}

function join(path: string, rest: string): string {
  return [path, rest].filter((part) => part !== "").join("/");
}

/**
 * The method of a proxy that was passed on to a third side. Its caller's signal
 * and time go along, and what it fails with comes back as it is.
 */
function forward({ caller, path, options }: RemoteNode, rest: string): Target {
  const method = (...args: unknown[]) => {
    const { signal, remainingMs } = call();
    return caller.call(join(path, rest), args, {
      signal,
      ...(remainingMs < Infinity && { timeoutMs: remainingMs }),
      ...options,
    }).catch((error) => {
      throw passOn(error);
    });
  };
  return { service: undefined, method, options: {} };
}

function released(path: string): ReferenceReleasedError {
  return new ReferenceReleasedError(
    `Cannot call '${path}': the reference is released, keep it with 'keep' for as long as it is needed`,
  );
}
