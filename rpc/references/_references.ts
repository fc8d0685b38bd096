// Longer than most files: what is kept for the other side, and what it keeps, is
// released together.
import { emit } from "../_events.ts";
import { call, currentCall } from "../call.ts";
import { ReferenceReleasedError } from "../errors.ts";
import { printable } from "../../transports/printable.ts";
import {
  pathOf,
  resolveMethod,
  resolveService,
  type Target,
} from "./_resolve.ts";
import { passOn } from "../_failure.ts";
import {
  type Hold,
  holdBytes,
  type MessageContext,
  type ReceivedContext,
} from "./_message_context.ts";
import {
  type Claim,
  makeRemote,
  ownedClaim,
  type Place,
  type RemoteNode,
  remoteNode,
} from "./_remote_proxy.ts";
import { optionsOf } from "../service/expose.ts";
import { isService, type Method } from "../service/service.ts";
import type { SessionContext } from "../_session_context.ts";

/** The prefix of the paths of references. */
export const REFERENCE_PREFIX = "$/ref/";

/** The longest address or class name that is accepted from the other side. */
const MAX_PLACE_LENGTH = 1_024;

/** The approximate size of a reference without its target, in bytes. */
const REFERENCE_BYTES = 256;

/** A reference, with the number of its holds of each kind. It is released without any. */
interface Reference extends Record<Hold, number> {
  readonly key: number;
  readonly target: object;
  /** Whether a method returned it, and its end disposes of it. */
  isReturned: boolean;
}

/** Stay empty: most connections never have a reference. */
const NO_KEYS = new Map<number, Reference>();
const NO_TARGETS = new Map<object, Reference>();

/** How many references on all connections there are to returned objects. */
const returned = new WeakMap<object, number>();

/**
 * The functions and services of this side that the other side may call by
 * reference, and the custom type in which they travel. A borrowed reference
 * lives while the call that passed it is pending, an owned one until the other
 * side releases it. Both are counted separately, so that a side that releases
 * too often takes nothing away from a call.
 */
export class References {
  readonly #session: SessionContext;
  #byKey = NO_KEYS;
  #byTarget = NO_TARGETS;
  /** Listed services that were sent, so that the other side may send them back. */
  #sent: WeakSet<object> | null = null;
  #nextKey = 0;

  /** References count towards the budget of the channel of `session`. */
  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** How many references the other side holds. */
  get size(): number {
    return this.#byKey.size;
  }

  matches(value: unknown): value is object {
    return typeof value === "function" || isService(value);
  }

  pack(value: object, context: MessageContext | null): unknown {
    const { calls, hello, options } = this.#session;
    const { hasExtensions, takesAddresses } = hello;
    const { resolver } = options;
    const node = remoteNode(value);
    // A proxy below one that was sent is none of what the other side has sent,
    // unless it is for an agent, which has a public address.
    const isSent = node !== undefined && (node.isSent || node.place !== null);
    if (isSent && node.caller === calls && hasExtensions) {
      return { own: node.path };
    }
    const own = node === undefined ? resolver?.placeOf(value) : null;
    const place = node?.place ?? own;
    const path = own?.path;
    if (!place || !takesAddresses) return path ?? this.#pathOf(value, context);
    const { address, type } = place;
    // An agent of another container can be reached there without this side.
    return { ...(path && { path }), place: { address, type } };
  }

  #pathOf(value: object, context: MessageContext | null): string {
    const { root } = this.#session;
    const isListed = root !== null && remoteNode(value) === undefined;
    const path = isListed ? pathOf(root, value) : null;
    if (path === null) {
      return `${REFERENCE_PREFIX}${this.#hold(value, context).key}`;
    }
    (this.#sent ??= new WeakSet()).add(value);
    return path;
  }

  unpack(data: unknown, context: ReceivedContext): unknown {
    if (typeof data === "string") return this.#makeProxy(data, context);
    if (typeof data === "object" && data !== null) {
      const { own, path, place } = data as Record<string, unknown>;
      const found = this.#own(own) ?? this.#placed(path, place, context);
      if (found !== null) return found;
    }
    throw new TypeError("a service reference must be the path of a service");
  }

  /**
   * Returns the method at `path`, which begins with {@linkcode REFERENCE_PREFIX},
   * or `null`.
   *
   * @throws {ReferenceReleasedError} If the reference is released.
   */
  resolve(path: string): Target | null {
    const { key, below } = splitReference(path);
    const reference = this.#byKey.get(key);
    if (reference === undefined) throw released(path);
    const { target } = reference;
    const node = remoteNode(target);
    if (node !== undefined) return forward(node, below ?? "");
    if (below !== null) return resolveMethod(target, below);
    if (typeof target !== "function") return null;
    return {
      service: undefined,
      method: target as Method,
      options: optionsOf(target),
      queue: null,
    };
  }

  /** The other side keeps the reference `key` for longer. */
  keep(key: number): void {
    const reference = this.#byKey.get(key);
    if (reference === undefined) throw released(`${REFERENCE_PREFIX}${key}`);
    reference.owned++;
  }

  /** The other side releases the reference `key`, if it owns it. */
  release(key: number): void {
    const reference = this.#byKey.get(key);
    if (reference !== undefined && reference.owned > 0) {
      this.#release(reference, "owned");
    }
  }

  /** Releases all references, because the connection is gone. */
  clear(): void {
    for (const reference of this.#byKey.values()) this.#end(reference);
    this.#byKey.clear();
    this.#byTarget.clear();
    this.#sent = null;
  }

  #hold(target: object, context: MessageContext | null): Reference {
    const reference = this.#byTarget.get(target) ?? this.#add(target);
    const hold = context?.hold ?? "owned";
    reference[hold]++;
    if (hold === "owned") passOnClaim(target);
    if (context !== null && hold === "owned" && !reference.isReturned) {
      reference.isReturned = true;
      returned.set(target, (returned.get(target) ?? 0) + 1);
    }
    context?.add({
      drop: () => this.#release(reference, hold),
      withdraw: () => {
        // It will be sent again, so it is not disposed of.
        if (reference.isReturned) countDown(reference);
        this.#release(reference, hold);
      },
    });
    return reference;
  }

  #add(target: object): Reference {
    const { channel, options: { maxReferences } } = this.#session;
    if (this.#byKey.size >= maxReferences) {
      throw new RangeError(
        `${maxReferences} references are held already; dispose of some on the other side, pass a service that is listed, or raise 'maxReferences'`,
      );
    }
    holdBytes(channel.budget, REFERENCE_BYTES);
    const reference = {
      key: this.#nextKey++,
      target,
      borrowed: 0,
      owned: 0,
      isReturned: false,
    };
    if (this.#byKey === NO_KEYS) {
      this.#byKey = new Map();
      this.#byTarget = new Map();
    }
    this.#byKey.set(reference.key, reference);
    this.#byTarget.set(target, reference);
    emit(() => ({
      type: "reference-kept",
      subject: reference,
      holder: "peer",
      isReturned: false,
      channel,
      call: currentCall(),
    }));
    return reference;
  }

  #release(reference: Reference, hold: Hold): void {
    reference[hold]--;
    if (reference.borrowed + reference.owned > 0) return;
    // The connection may have ended, and its references with it.
    if (!this.#byKey.delete(reference.key)) return;
    this.#session.channel.budget.release(REFERENCE_BYTES);
    this.#byTarget.delete(reference.target);
    this.#end(reference);
  }

  /** Nobody uses `reference` on this connection any more. */
  #end(reference: Reference): void {
    emit(() => ({ type: "ended", subject: reference }));
    if (!reference.isReturned || countDown(reference) > 0) return;
    this.#session.runCallback(() => disposeOf(reference.target));
  }

  #makeProxy(
    path: string,
    context: ReceivedContext,
    place: Place | null = null,
  ): object {
    const { calls } = this.#session;
    const traits = { place, isSent: true, isPassed: true };
    if (!path.startsWith(REFERENCE_PREFIX)) {
      return makeRemote(calls, path, traits);
    }
    // References in a request are borrowed while its call runs.
    const claim: Claim = context.kind === "request"
      ? { state: "borrowed", reference: null }
      : this.#ownReturned(path, context);
    return makeRemote(calls, path, { ...traits, claim });
  }

  /** Returns the claim on a reference that the result of a call holds. */
  #ownReturned(path: string, { call: from, isPiped }: ReceivedContext): Claim {
    const { calls, channel } = this.#session;
    const claim = ownedClaim(calls, path);
    // Nobody can dispose of a result that nobody has seen.
    if (isPiped) return claim;
    emit(() => ({
      type: "reference-kept",
      subject: claim.reference!,
      holder: "local",
      isReturned: true,
      channel,
      call: from ?? null,
    }));
    return claim;
  }

  /** Returns a proxy for an agent, on this connection if it has a path there. */
  #placed(
    path: unknown,
    place: unknown,
    context: ReceivedContext,
  ): object | null {
    const { resolver } = this.#session.options;
    if (resolver === undefined || !isPlace(place)) return null;
    return typeof path === "string"
      ? this.#makeProxy(path, context, place)
      : resolver.open(place);
  }

  /**
   * Returns the target of a proxy that the other side has sent back: only what
   * this side has sent, and still holds at this very path.
   */
  #own(path: unknown): object | null {
    if (typeof path !== "string") return null;
    const agent = this.#session.options.resolver?.openPath(path) ?? null;
    if (agent !== null) return agent;
    const { key, below } = splitReference(path);
    const target = below === null ? this.#byKey.get(key)?.target : undefined;
    if (target !== undefined) return target;
    const { root } = this.#session;
    const listed = root === null || path === ""
      ? root
      : resolveService(root, path);
    if (listed !== null && this.#sent?.has(listed)) return listed;
    throw new ReferenceReleasedError(
      `Cannot take '${
        printable(path)
      }': this side did not pass it on this connection, or it is released`,
    );
  }
}

/** Tells observers that a proxy is now the business of the side that got it. */
function passOnClaim(target: object): void {
  const subject = remoteNode(target)?.claim.reference ?? null;
  if (subject !== null) emit(() => ({ type: "ended", subject }));
}

/** Takes a returned object from its connection; returns how many still have it. */
function countDown(reference: Reference): number {
  reference.isReturned = false;
  const left = returned.get(reference.target)! - 1;
  if (left > 0) returned.set(reference.target, left);
  else returned.delete(reference.target);
  return left;
}

/** Disposes of a returned object that can be; a proxy stays as it is. */
export function disposeOf(target: object): unknown {
  if (remoteNode(target) !== undefined) return;
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } =
    target as Partial<AsyncDisposable & Disposable>;
  return (later ?? now)?.call(target);
}

/** Returns whether data of the other side is the place of an agent. */
function isPlace(data: unknown): data is Place {
  if (typeof data !== "object" || data === null) return false;
  const { address, type } = data as Record<string, unknown>;
  return [address, type].every((text) =>
    typeof text === "string" && text.length <= MAX_PLACE_LENGTH &&
    // It appears in logs, where a line break could forge a line.
    !/\p{Cc}/u.test(text)
  );
}

/** Returns the key in the path of a reference, or NaN. */
export function referenceKey(path: string): number {
  return splitReference(path).key;
}

/** A key has one spelling, so that each reference has one path. */
const KEY = /^(?:0|[1-9]\d{0,14})$/;

/** Returns the key in the path of a reference, and the path below it. */
function splitReference(path: string): { key: number; below: string | null } {
  if (!path.startsWith(REFERENCE_PREFIX)) return { key: NaN, below: null };
  const slash = path.indexOf("/", REFERENCE_PREFIX.length);
  const end = slash === -1 ? path.length : slash;
  const key = path.slice(REFERENCE_PREFIX.length, end);
  return {
    key: KEY.test(key) ? Number(key) : NaN,
    below: slash === -1 ? null : path.slice(slash + 1),
  };
}

function join(path: string, rest: string): string {
  return [path, rest].filter((part) => part !== "").join("/");
}

/**
 * Returns the method of a proxy that was passed on to a third side. It passes on
 * the caller's signal and time, and returns errors unchanged.
 */
export function forward(node: RemoteNode, rest: string): Target {
  const { caller, path, options } = node;
  const method = (...args: unknown[]) => {
    const { signal, remainingMs } = call();
    if (node.claim.state === "released") throw released(path);
    return caller.call(join(path, rest), args, {
      signal,
      ...(remainingMs < Infinity && { timeoutMs: remainingMs }),
      ...options,
    }).catch((error) => {
      throw passOn(error);
    });
  };
  return { service: undefined, method, options: {}, queue: null };
}

function released(path: string): ReferenceReleasedError {
  return new ReferenceReleasedError(
    `Cannot call '${
      printable(path)
    }': the reference is released, keep it with 'keep' for as long as it is needed`,
  );
}
