/**
 * The services that denomas offers, and the plain JSON form of its values,
 * which matches `python/things.py`.
 *
 * @module
 */

import { Agent } from "../../agent/agent.ts";
import type { Serializer } from "../../channel/codecs/types/serializer.ts";
import { expose } from "../../rpc/service/expose.ts";
import type { Remote } from "../../rpc/remote.ts";
import { remoteNode } from "../../rpc/internal.ts";
import { service } from "../../rpc/service/service.ts";
import { call } from "../../rpc/call.ts";

/** A class that is registered on both sides. */
export class Point {
  /** Creates a point from its coordinates. */
  constructor(readonly x: number, readonly y: number) {}
}

/** Matches the format of `aiomas.serializable` for the same class. */
export const pointSerializer: Serializer<Point> = {
  type: Point,
  serialize: ({ x, y }) => ({ x, y }),
  deserialize(data) {
    const { x, y } = data as Point;
    return new Point(x, y);
  },
};

/** A service inside another one. */
export interface Kitchen {
  cook(what: string): string;
}

/** The methods that can be called on both sides. */
export interface Methods {
  readonly kitchen: Kitchen;
  echo(value: unknown): unknown;
  hear(value: unknown): unknown;
  greet(name: string, options?: { times?: number }): string;
  fail(message: string): void;
  me(): Methods;
  get_kitchen(): Kitchen;
  ask(other: unknown, name: string): Promise<string>;
  run(func: unknown, value: unknown): Promise<unknown>;
  tomorrow(date: Date): Date;
  move(point: Point): Point;
  nap(): Promise<void>;
  hold(): Promise<string>;
  release(): void;
}

/** The additional methods of an agent. */
export interface HostMethods extends Methods {
  get_address(): string;
  visit(address: string, name: string): Promise<string>;
  now(): [number, Date];
  sleep_until(t: number): Promise<number>;
}

type Greeter = Remote<{ greet(name: string): string }>;
type Func = (value: unknown) => Promise<unknown>;

/** Adds the methods to a class. */
// TypeScript requires this constructor, with `any`, for the base of a mixin.
// deno-lint-ignore no-explicit-any
function withMethods<T extends new (...args: any[]) => object>(Base: T) {
  class Host extends Base {
    #held = Promise.withResolvers<void>();

    @expose
    readonly kitchen = service({ cook: (what: string) => `cooked ${what}` });

    @expose
    echo(value: unknown): unknown {
      return value;
    }

    @expose
    hear(value: unknown): unknown {
      return show(value);
    }

    @expose
    greet(name: string, { times = 1 }: { times?: number } = {}): string {
      return Array(times).fill(`Hello, ${name}`).join(" ");
    }

    @expose
    fail(message: string): void {
      throw new RangeError(message);
    }

    @expose
    me(): unknown {
      return this;
    }

    @expose
    get_kitchen(): Kitchen {
      return this.kitchen;
    }

    @expose
    async ask(other: Greeter, name: string): Promise<string> {
      return await other.greet(name);
    }

    @expose
    async run(func: Func, value: unknown): Promise<unknown> {
      return await func(value);
    }

    @expose
    tomorrow(date: Date): Date {
      return new Date(date.getTime() + 86_400_000);
    }

    @expose
    move({ x, y }: Point): Point {
      return new Point(x + 1, y + 1);
    }

    @expose
    async nap(): Promise<void> {
      const { signal } = call();
      const ended = Promise.withResolvers<void>();
      signal.addEventListener("abort", () => ended.resolve());
      await ended.promise;
    }

    @expose
    async hold(): Promise<string> {
      await this.#held.promise;
      return "late";
    }

    @expose
    release(): void {
      this.#held.resolve();
    }

    @expose
    async *count(): AsyncGenerator<number> {
      yield 1;
    }
  }
  return Host;
}

/** The service of this side. */
export class Service extends withMethods(Object) {}

/** The agent of this side. */
export class Host extends withMethods(Agent) {
  @expose
  get_address(): string {
    return this.address;
  }

  @expose
  async visit(address: string, name: string): Promise<string> {
    const other = await this.container.connect<Methods>(address);
    return await other.greet(name);
  }

  @expose
  now(): [number, Date] {
    const { clock } = this.container;
    return [clock.time(), clock.utcNow()];
  }

  @expose
  async sleep_until(t: number): Promise<number> {
    const { clock } = this.container;
    await clock.sleepUntil(t);
    return clock.time();
  }
}

/**
 * Converts a value to JSON, with tags for values that JSON cannot represent.
 */
export function show(value: unknown): unknown {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return { $float: String(value) };
  }
  if (value instanceof Uint8Array) return { $bytes: value.toHex() };
  if (value instanceof Date) {
    return { $date: value.toISOString().replace(".000Z", "+00:00") };
  }
  if (value instanceof Point) return { $point: [value.x, value.y] };
  const node = remoteNode(value);
  if (node !== undefined) return { $proxy: node.path };
  if (Array.isArray(value)) return value.map(show);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, show(item)]),
  );
}
