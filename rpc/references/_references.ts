// Longer than most files: sending, receiving, counting and releasing references
// belong together.
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

/** The maximum length of an address or class name from the other side. */
const MAX_PLACE_LENGTH = 1_024;

/** The approximate size of a reference without its target, in bytes. */
const REFERENCE_BYTES = 256;

/**
 * A reference, with its number of holds of each kind. It is released when both
 * reach 0.
 */
interface Reference extends Record<Hold, number> {
  readonly key: number;
  readonly target: object;
  /**
   * Whether a method returned the target, so that it is disposed of at the end.
   */
  isReturned: boolean;
}

/** These stay empty and are shared: most connections never have a reference. */
const NO_KEYS = new Map<number, Reference>();
const NO_TARGETS = new Map<object, Reference>();

/** The number of references to each returned object, over all connections. */
const returned = new WeakMap<object, number>();

/**
 * The functions and services of this side that the other side may call by
 * reference, and the custom type that encodes them. A borrowed reference lives
 * while the call that passed it is pending, an owned one until the other side
 * releases it. The two kinds are counted separately, so that a peer that
 * releases too often cannot release references of a running call.
 */
export class References {
  readonly #session: SessionContext;
  #byKey = NO_KEYS;
  #byTarget = NO_TARGETS;
  /** Listed services that were sent. The other side may send them back. */
  #sent: WeakSet<object> | null = null;
  #nextKey = 0;

  /** References count towards the budget of the channel of `session`. */
  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** The number of references that the other side holds. */
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
    // A proxy for a member of a sent reference was not itself sent by the other
    // side, unless it is for an agent, which has a public address.
    const isSent = node !== undefined && (node.isSent || node.place !== null);
    if (isSent && node.caller === calls && hasExtensions) {
      return { own: node.path };
    }
    const own = node === undefined ? resolver?.placeOf(value) : null;
    const place = node?.place ?? own;
    const path = own?.path;
    if (!place || !takesAddresses) return path ?? this.#pathOf(value, context);
    const { address, type } = place;
    // The receiver can reach an agent of another container directly.
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
   * Returns the method at `path`, which begins with
   * {@linkcode REFERENCE_PREFIX}, or `null`.
   *
   * @throws {ReferenceReleasedError} If the reference has been released.
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

  /** Adds a hold of the other side on the reference `key`. */
  keep(key: number): void {
    const reference = this.#byKey.get(key);
    if (reference === undefined) throw released(`${REFERENCE_PREFIX}${key}`);
    reference.owned++;
  }

  /** Removes a hold of the other side on the reference `key`, if it has one. */
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
        // The target will be sent again, so it must not be disposed of.
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
    // The connection may have ended already, and released its references.
    if (!this.#byKey.delete(reference.key)) return;
    this.#session.channel.budget.release(REFERENCE_BYTES);
    this.#byTarget.delete(reference.target);
    this.#end(reference);
  }

  /** Ends a `reference` that this connection no longer uses. */
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

  /** Returns the claim on a reference in the result of a call. */
  #ownReturned(path: string, { call: from, isPiped }: ReceivedContext): Claim {
    const { calls, channel } = this.#session;
    const claim = ownedClaim(calls, path);
    // Users cannot dispose of a result that they never receive.
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

  /**
   * Returns a proxy for an agent: on this connection if `path` is given, else
   * by its address.
   */
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
   * Returns the target of a proxy that the other side has sent back. Only
   * targets that this side has sent, and still holds at this exact path, are
   * returned.
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

/**
 * Tells observers that this side no longer owns a proxy that it has passed on.
 */
function passOnClaim(target: object): void {
  const subject = remoteNode(target)?.claim.reference ?? null;
  if (subject !== null) emit(() => ({ type: "ended", subject }));
}

/**
 * Removes the reference of one connection to a returned object. Returns the
 * number of references that remain on other connections.
 */
function countDown(reference: Reference): number {
  reference.isReturned = false;
  const left = returned.get(reference.target)! - 1;
  if (left > 0) returned.set(reference.target, left);
  else returned.delete(reference.target);
  return left;
}

/** Disposes of a returned object if it is disposable and not a proxy. */
export function disposeOf(target: object): unknown {
  if (remoteNode(target) !== undefined) return;
  const { [Symbol.asyncDispose]: later, [Symbol.dispose]: now } =
    target as Partial<AsyncDisposable & Disposable>;
  return (later ?? now)?.call(target);
}

/** Returns whether data from the other side is the place of an agent. */
function isPlace(data: unknown): data is Place {
  if (typeof data !== "object" || data === null) return false;
  const { address, type } = data as Record<string, unknown>;
  return [address, type].every((text) =>
    typeof text === "string" && text.length <= MAX_PLACE_LENGTH &&
    // Places appear in logs, where a line break could forge a line.
    !/\p{Cc}/u.test(text)
  );
}

/** Returns the key in the path of a reference, or NaN. */
export function referenceKey(path: string): number {
  return splitReference(path).key;
}

/** Each key has exactly one spelling, so that each reference has one path. */
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
 * Returns a method that forwards calls to the proxy `node`, which was passed on
 * to a third side. It forwards the caller's signal and remaining time, and
 * returns errors unchanged.
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
