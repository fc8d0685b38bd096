import type { CallOptions } from "./call_options.ts";

/** What a proxy needs of its connection. */
export interface Caller {
  /** Address of the other side. */
  readonly remoteAddress: string;
  /** Calls the method at `path`. */
  call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown>;
  /** Tells the other side that a reference is needed for longer. */
  keep(path: string): void;
  /** Tells the other side that a reference is not needed any more. */
  release(path: string): void;
}

/** What a proxy stands for. */
export interface RemoteNode {
  readonly caller: Caller;
  readonly path: string;
  readonly options: CallOptions;
}

const NO_OPTIONS: CallOptions = {};

const nodes = new WeakMap<object, RemoteNode>();

/** What a proxy hides; an arrow function, since others have a fixed property. */
const callable = (): void => {};

/** Makes the proxy for `path` on the other side of a connection. */
export function makeRemote(
  caller: Caller,
  path: string,
  options: CallOptions = NO_OPTIONS,
): object {
  const handler = new RemoteHandler(caller, path, options);
  const proxy = new Proxy(callable, handler);
  nodes.set(proxy, handler);
  return proxy;
}

/** What `value` stands for if it is a proxy. */
export function remoteNode(value: unknown): RemoteNode | undefined {
  return typeof value === "function" ? nodes.get(value) : undefined;
}

class RemoteHandler implements RemoteNode, ProxyHandler<typeof callable> {
  readonly caller: Caller;
  readonly path: string;
  readonly options: CallOptions;
  #children: Map<string, object> | null = null;

  constructor(caller: Caller, path: string, options: CallOptions) {
    this.caller = caller;
    this.path = path;
    this.options = options;
  }

  get(_target: unknown, key: string | symbol): unknown {
    if (typeof key === "symbol") return this.#symbol(key);
    // A proxy that had a `then` would be called by every `await`.
    if (key === "then") return undefined;
    if (key === "toString") return () => this.#describe();
    this.#children ??= new Map();
    let child = this.#children.get(key);
    if (child === undefined) {
      const path = this.path === "" ? key : `${this.path}/${key}`;
      child = makeRemote(this.caller, path, this.options);
      this.#children.set(key, child);
    }
    return child;
  }

  apply(_target: unknown, _this: unknown, args: unknown[]): Promise<unknown> {
    return this.caller.call(this.path, args, this.options);
  }

  has(): boolean {
    return false;
  }

  ownKeys(): string[] {
    return [];
  }

  set(_target: unknown, key: string | symbol): never {
    throw new TypeError(
      `Cannot set '${
        String(key)
      }' of ${this.#describe()}: it is on another side, call a method of it that does`,
    );
  }

  #symbol(key: symbol): unknown {
    switch (key) {
      case Symbol.toPrimitive:
        return () => this.#describe();
      case Symbol.dispose:
        return () => this.caller.release(this.path);
      case Symbol.for("Deno.customInspect"):
        return () => this.#describe();
      default:
        return undefined;
    }
  }

  #describe(): string {
    return `Remote(${
      this.path === "" ? "root" : this.path
    } at ${this.caller.remoteAddress})`;
  }
}
