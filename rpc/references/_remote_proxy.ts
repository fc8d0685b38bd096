import { privateSlot } from "../../transports/internal.ts";
import { printable } from "../../transports/printable.ts";
import type { CallOptions } from "../call.ts";
import { ReferenceReleasedError } from "../errors.ts";
import { emit } from "../_events.ts";
import { asReceived } from "../_failure.ts";
import { isReservedName } from "../reserved_names.ts";
import type { CallOrigin } from "../service/call_queue.ts";

/** Makes the calls of proxies. */
export interface Caller {
  /** The address of the other side. */
  readonly remoteAddress: string;
  /** Calls the method at `path`. */
  call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown>;
  /**
   * Keeps the reference at `path`; `reference` identifies it to observers.
   * Absent if the proxies of this caller are not references.
   */
  keep?(path: string, reference: object): void;
  /** Releases the reference at `path`. */
  release?(path: string, reference: object): void;
  /**
   * Returns a new key for the result of a call, to be passed in its options as
   * `as`. The result can then be used before it arrives. Returns `null` if the
   * other side does not keep results.
   */
  keepResult?(): number | null;
  /** Forgets the result with this key, which is no longer used. */
  forgetResult?(key: number): void;
}

/**
 * How long the target of a proxy exists. `borrowed`: while the call that passed
 * it runs, or without limit if the target is listed. `owned`: until the proxy
 * is disposed of. `released`: it was disposed of.
 */
export interface Claim {
  state: "borrowed" | "owned" | "released";
  /** The owned reference, which identifies it to observers. */
  readonly reference: OwnedReference | null;
}

/** A reference that the other side holds until it is released. */
export interface OwnedReference {
  /** Weak, so that an ended connection can be garbage-collected at once. */
  readonly caller: WeakRef<Caller>;
  readonly path: string;
}

/**
 * Releases a reference that was not disposed of, once all of its proxies have
 * been garbage-collected.
 */
const forgotten = new FinalizationRegistry<OwnedReference>((reference) => {
  emit(() => ({ type: "reference-forgotten", subject: reference }));
  reference.caller.deref()?.release?.(reference.path, reference);
});

const weakCallers = new WeakMap<Caller, WeakRef<Caller>>();

/** Returns the claim of a proxy that owns the reference at `path`. */
export function ownedClaim(caller: Caller, path: string): Claim {
  const weak = weakCallers.get(caller) ?? new WeakRef(caller);
  weakCallers.set(caller, weak);
  const reference: OwnedReference = { caller: weak, path };
  const claim: Claim = { state: "owned", reference };
  forgotten.register(claim, reference, claim);
  return claim;
}

/** The public address and class of an agent. */
export interface Place {
  readonly address: string;
  /** The class name of the agent. */
  readonly type: string;
}

/** The place of an object of this side. */
export interface OwnPlace extends Place {
  /** Its path on this side's connections; `null` if another side serves it. */
  readonly path: string | null;
}

/**
 * Resolves addresses of agents for a layer above. With it, a third side that
 * receives the proxy of an agent calls that agent directly.
 */
export interface AddressResolver {
  /** Returns the place of an object of this side; `null` if it has none. */
  placeOf(target: object): OwnPlace | null;
  /** Returns a proxy for the agent at a place that the other side has sent. */
  open(place: Place): object;
  /**
   * Returns a proxy for the agent at a path of this side, whether or not the
   * agent still exists; `null` if the path is not that of an agent.
   */
  openPath(path: string): object | null;
  /**
   * Returns the origin to send with a call made now: its calling agent. If the
   * call `isAwaited`, the turn of that agent waits for it.
   */
  origin(isAwaited: boolean): CallOrigin | null;
  /**
   * Returns the agent at a path, which gets its own share of the pending calls;
   * `null` if the path does not lead to an agent.
   */
  targetOf(path: string): string | null;
  /**
   * Runs `step` on behalf of a caller with `origin`; calls made in it pass on
   * the turns of that origin.
   */
  actFor<T>(origin: CallOrigin, step: () => T): T;
}

/** Properties of a proxy that override the defaults. */
export interface RemoteTraits {
  /** The options of its calls. */
  readonly options?: CallOptions;
  /** How long its target exists. */
  readonly claim?: Claim;
  /** The place of its target; proxies for its members have none. */
  readonly place?: Place | null;
  /**
   * Whether the other side sent exactly this reference. Only such a proxy is
   * sent back as its target; proxies for its members were not sent.
   */
  readonly isSent?: boolean;
  /**
   * Whether the proxy arrived in data from a peer. Code that expects a string
   * or a list may call it by mistake, so a rejected call of it does not end the
   * process even if the call is not awaited.
   */
  readonly isPassed?: boolean;
}

/** The target of a proxy. */
export interface RemoteNode extends Required<RemoteTraits> {
  readonly caller: Caller;
  readonly path: string;
}

/** The properties of a proxy for a listed target, which needs no release. */
const LISTED: Required<RemoteTraits> = {
  options: {},
  claim: { state: "borrowed", reference: null },
  place: null,
  isSent: false,
  isPassed: false,
};

/** The targets of proxies. */
const nodes = privateSlot<RemoteNode>();

/**
 * The target object shared by all proxies, whose traps therefore never change
 * it. It is an arrow function, because other functions have a non-configurable
 * property. Consoles show its name.
 */
const remote = (): void => {};

/**
 * The maximum number of child proxies that are cached for reuse. A router may
 * have any number of children.
 */
const MOST_CHILDREN = 64;

/** The traps that hide the target object's properties and prevent changes. */
const SEALED: ProxyHandler<typeof remote> = {
  has: () => false,
  ownKeys: () => [],
  getOwnPropertyDescriptor: () => undefined,
  defineProperty: () => false,
  deleteProperty: () => false,
  setPrototypeOf: () => false,
  preventExtensions: () => false,
};

/** Makes a proxy for `path` on the other side of a connection. */
export function makeRemote(
  caller: Caller,
  path: string,
  traits?: RemoteTraits,
): object {
  const node = { ...LISTED, ...traits, caller, path };
  const proxy = new Proxy(remote, new RemoteHandler(node));
  nodes.set(proxy, node);
  return proxy;
}

/** Returns the node of `value` if that is a proxy. */
export function remoteNode(value: unknown): RemoteNode | undefined {
  return typeof value === "function" ? nodes.get(value) : undefined;
}

class RemoteHandler implements ProxyHandler<typeof remote> {
  readonly #node: RemoteNode;
  #children: Map<string, object> | null = null;

  constructor(node: RemoteNode) {
    this.#node = node;
  }

  get(_target: unknown, key: string | symbol): unknown {
    if (typeof key === "symbol") return this.#symbol(key);
    // Checked first, because most calls are to methods that were called before.
    const known = this.#children?.get(key);
    if (known !== undefined) return known;
    if (isReservedName(key)) return this.#reserved(key);
    const { caller, path, options, claim, isPassed } = this.#node;
    const below = path === "" ? key : `${path}/${key}`;
    const child = makeRemote(caller, below, { options, claim, isPassed });
    this.#children ??= new Map();
    if (this.#children.size >= MOST_CHILDREN) this.#children.clear();
    this.#children.set(key, child);
    return child;
  }

  apply(_target: unknown, _this: unknown, args: unknown[]): Promise<unknown> {
    const { caller, path, options, claim, isPassed } = this.#node;
    const result = claim.state === "released"
      ? Promise.reject(this.#released())
      : caller.call(path, args, options);
    // Code that awaits the call still receives the error.
    if (isPassed) result.catch(() => {});
    return result;
  }

  #released(): ReferenceReleasedError {
    return asReceived(
      new ReferenceReleasedError(
        `Cannot call ${this.#describe()}: it was disposed of, do so after the last call`,
      ),
    );
  }

  set(_target: unknown, key: string | symbol): never {
    throw new TypeError(
      `Cannot set '${
        String(key)
      }' of ${this.#describe()}: it is on another side, call a method of it that does`,
    );
  }

  /** Returns a property that every function has, if any; never makes a call. */
  #reserved(key: string): unknown {
    switch (key) {
      case "toString":
      case "toJSON":
        return () => this.#describe();
      case "constructor":
        return Object;
      case "arguments":
      case "caller":
        // The accessors on `Function.prototype` throw.
        return undefined;
      default:
        return Reflect.get(Function.prototype, key);
    }
  }

  #symbol(key: symbol): unknown {
    switch (key) {
      case Symbol.toPrimitive:
        return () => this.#describe();
      case Symbol.dispose:
        return () => this.#dispose();
      default:
        return undefined;
    }
  }

  #dispose(): void {
    const { caller, path, claim } = this.#node;
    if (claim.state !== "owned") return;
    claim.state = "released";
    forgotten.unregister(claim);
    caller.release?.(path, claim.reference!);
  }

  #describe(): string {
    const { caller, path, place } = this.#node;
    // The other side may have chosen all of this text.
    return place === null
      ? `Remote(${printable(path || "root")} at ${
        printable(caller.remoteAddress)
      })`
      : `${printable(place.type)}Proxy('${printable(place.address)}')`;
  }
}

// On the prototype, to save memory: there may be many proxies.
Object.assign(RemoteHandler.prototype, SEALED);
