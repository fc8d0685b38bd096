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
   * Keeps the reference at `path`; `reference` identifies it to observers. Not
   * for a caller whose proxies are no references.
   */
  keep?(path: string, reference: object): void;
  /** Releases the reference at `path`. */
  release?(path: string, reference: object): void;
  /**
   * Returns a new key for the result of a call whose options have it as `as`, so
   * that it can be used before it is here; `null` if the other side keeps none.
   */
  keepResult?(): number | null;
  /** The result with this key is not used any more. */
  forgetResult?(key: number): void;
}

/**
 * How long the target of a proxy exists: `borrowed` while the call that passed it
 * runs, or for ever if it is listed; `owned` until the proxy is disposed of;
 * `released` after that.
 */
export interface Claim {
  state: "borrowed" | "owned" | "released";
  /** What is owned; it identifies the reference to observers. */
  readonly reference: OwnedReference | null;
}

/** A reference that the other side holds until it is released. */
export interface OwnedReference {
  /** Weak, so that a connection that has ended can be collected at once. */
  readonly caller: WeakRef<Caller>;
  readonly path: string;
}

/** Releases what nobody has disposed of, once all of its proxies are collected. */
const forgotten = new FinalizationRegistry<OwnedReference>((reference) => {
  emit(() => ({ type: "reference-forgotten", subject: reference }));
  reference.caller.deref()?.release?.(reference.path, reference);
});

const weakCallers = new WeakMap<Caller, WeakRef<Caller>>();

/** Returns the claim of a proxy on the reference at `path`, which it owns. */
export function ownedClaim(caller: Caller, path: string): Claim {
  const weak = weakCallers.get(caller) ?? new WeakRef(caller);
  weakCallers.set(caller, weak);
  const reference: OwnedReference = { caller: weak, path };
  const claim: Claim = { state: "owned", reference };
  forgotten.register(claim, reference, claim);
  return claim;
}

/** The place of an agent, where anybody can reach it. */
export interface Place {
  readonly address: string;
  /** The name of its class. */
  readonly type: string;
}

/** The place of something of this side. */
export interface OwnPlace extends Place {
  /** Its path on this side's connections; `null` if it is elsewhere. */
  readonly path: string | null;
}

/**
 * Resolves addresses of agents for a layer above: a third side, to which the
 * proxy of an agent is passed on, calls that agent directly.
 */
export interface AddressResolver {
  /** Returns the place of something of this side; `null` if it has none. */
  placeOf(target: object): OwnPlace | null;
  /** Returns a proxy for the agent at a place that the other side has named. */
  open(place: Place): object;
  /**
   * Returns a proxy for the agent at a path of this side, whether or not it still
   * exists; `null` if the path is not one of an agent.
   */
  openPath(path: string): object | null;
  /**
   * Returns what a call that is made now tells of its caller, whose turn waits
   * for it if it `isAwaited`.
   */
  origin(isAwaited: boolean): CallOrigin | null;
  /**
   * Returns the agent that a path leads to, which has a share of its own in the
   * pending calls; `null` if it leads elsewhere.
   */
  targetOf(path: string): string | null;
  /** Runs `step` for a caller that tells `origin`; calls pass its turns on. */
  actFor<T>(origin: CallOrigin, step: () => T): T;
}

/** Properties of a proxy that differ from the defaults. */
export interface RemoteTraits {
  /** Options of its calls. */
  readonly options?: CallOptions;
  /** How long its target exists. */
  readonly claim?: Claim;
  /** The place of its target; proxies below it have none. */
  readonly place?: Place | null;
  /**
   * Whether the other side sent it as this very reference. Only such a proxy is
   * sent back as its target; proxies below it were not sent.
   */
  readonly isSent?: boolean;
  /**
   * Whether it came in data of a peer. Code that takes it for a text or a list may
   * call it by mistake, so a rejected call of it does not end the process even
   * if nobody awaits it.
   */
  readonly isPassed?: boolean;
}

/** The target of a proxy. */
export interface RemoteNode extends Required<RemoteTraits> {
  readonly caller: Caller;
  readonly path: string;
}

/** The properties of a proxy for something listed, which needs no release. */
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
 * The target object of all proxies, which therefore allow no change to it. An
 * arrow function, because others have a fixed property. Consoles show its name.
 */
const remote = (): void => {};

/**
 * The most proxies below one that are kept to be used again. A router may have
 * had any number of children.
 */
const MOST_CHILDREN = 64;

/** The traps by which nobody sees or changes properties of the target object. */
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

/** Returns the target of `value` if that is a proxy. */
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
    // First, because most calls are of a method that was called before.
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
    // Whoever awaits the call still receives the error.
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

  /** Returns the property that any function has, if any; never calls. */
  #reserved(key: string): unknown {
    switch (key) {
      case "toString":
      case "toJSON":
        return () => this.#describe();
      case "constructor":
        return Object;
      case "arguments":
      case "caller":
        // Those of functions throw.
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

// Not for each proxy, of which there may be many.
Object.assign(RemoteHandler.prototype, SEALED);
