import { printable } from "../../transports/printable.ts";
import type { CallOptions } from "../call.ts";
import { ReferenceReleasedError } from "../errors.ts";
import { asReceived } from "../_failure.ts";
import { isReservedName } from "../reserved_names.ts";

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
  /** Keeps the reference at `path`; `reference` identifies it to observers. */
  keep(path: string, reference: object): void;
  /** Releases the reference at `path`. */
  release(path: string, reference: object): void;
}

/**
 * How long the target of a proxy exists: `borrowed` while the call that passed it
 * runs, or for ever if it is listed; `owned` until the proxy is disposed of;
 * `released` after that.
 */
export interface Claim {
  state: "borrowed" | "owned" | "released";
}

/** The place of an agent, where anybody can reach it. */
export interface Place {
  readonly address: string;
  /** The name of its class. */
  readonly type: string;
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

const NO_TRAITS: RemoteTraits = {};

const NO_OPTIONS: CallOptions = {};

/** The claim on a target that needs no release. */
const BORROWED: Claim = { state: "borrowed" };

const nodes = new WeakMap<object, RemoteNode>();

/**
 * The target object of all proxies, which therefore allow no change to it. An
 * arrow function, because others have a fixed property. Consoles show its name.
 */
const remote = (): void => {};

/** Makes a proxy for `path` on the other side of a connection. */
export function makeRemote(
  caller: Caller,
  path: string,
  traits: RemoteTraits = NO_TRAITS,
): object {
  const handler = new RemoteHandler(caller, path, traits);
  const proxy = new Proxy(remote, handler);
  nodes.set(proxy, handler);
  return proxy;
}

/** Returns the target of `value` if that is a proxy. */
export function remoteNode(value: unknown): RemoteNode | undefined {
  return typeof value === "function" ? nodes.get(value) : undefined;
}

class RemoteHandler implements RemoteNode, ProxyHandler<typeof remote> {
  readonly caller: Caller;
  readonly path: string;
  readonly options: CallOptions;
  readonly claim: Claim;
  readonly place: Place | null;
  readonly isSent: boolean;
  readonly isPassed: boolean;
  #children: Map<string, object> | null = null;

  constructor(
    caller: Caller,
    path: string,
    {
      options = NO_OPTIONS,
      claim = BORROWED,
      place = null,
      isSent = false,
      isPassed = false,
    }: RemoteTraits,
  ) {
    this.caller = caller;
    this.path = path;
    this.options = options;
    this.claim = claim;
    this.place = place;
    this.isSent = isSent;
    this.isPassed = isPassed;
  }

  get(_target: unknown, key: string | symbol): unknown {
    if (typeof key === "symbol") return this.#symbol(key);
    // First, because most calls are of a method that was called before.
    const known = this.#children?.get(key);
    if (known !== undefined) return known;
    if (isReservedName(key)) return this.#reserved(key);
    const path = this.path === "" ? key : `${this.path}/${key}`;
    const { options, claim, isPassed } = this;
    const child = makeRemote(this.caller, path, { options, claim, isPassed });
    this.#children ??= new Map();
    this.#children.set(key, child);
    return child;
  }

  apply(_target: unknown, _this: unknown, args: unknown[]): Promise<unknown> {
    const result = this.claim.state === "released"
      ? Promise.reject(this.#released())
      : this.caller.call(this.path, args, this.options);
    // Whoever awaits the call still receives the error.
    if (this.isPassed) result.catch(() => {});
    return result;
  }

  #released(): ReferenceReleasedError {
    return asReceived(
      new ReferenceReleasedError(
        `Cannot call ${this.#describe()}: it was disposed of, do so after the last call`,
      ),
    );
  }

  has(): boolean {
    return false;
  }

  ownKeys(): string[] {
    return [];
  }

  getOwnPropertyDescriptor(): undefined {
    return undefined;
  }

  set(_target: unknown, key: string | symbol): never {
    throw new TypeError(
      `Cannot set '${
        String(key)
      }' of ${this.#describe()}: it is on another side, call a method of it that does`,
    );
  }

  defineProperty(): boolean {
    return false;
  }

  deleteProperty(): boolean {
    return false;
  }

  setPrototypeOf(): boolean {
    return false;
  }

  preventExtensions(): boolean {
    return false;
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
    if (this.claim.state !== "owned") return;
    this.claim.state = "released";
    this.caller.release(this.path, this.claim);
  }

  #describe(): string {
    // The other side may have chosen all of this text.
    if (this.place !== null) {
      const { type, address } = this.place;
      return `${printable(type)}Proxy('${printable(address)}')`;
    }
    const path = this.path === "" ? "root" : printable(this.path);
    return `Remote(${path} at ${printable(this.caller.remoteAddress)})`;
  }
}
