// deno-lint-ignore-file no-unused-vars -- most classes are here for their types

import { assertEquals } from "@std/assert";
import { assertType, type IsExact } from "@std/testing/types";
import { kwargs } from "../kwargs.ts";
import { keep, withOptions } from "../options.ts";
import type {
  Arrived,
  CannotBeSent,
  HasLocalMembers,
  localMembers,
  Remote,
  RemoteStream,
} from "../remote.ts";
import { type Caller, makeRemote } from "../references/_remote_proxy.ts";
import { Router, service } from "../service/service.ts";

// Most of these tests check types: they fail by not compiling.

/** What `() => Promise<T>` resolves to on the other side. */
type Result<T> = Awaited<ReturnType<Remote<{ get(): T }>["get"]>>;

/** The names of a proxy's members. */
type Names<T> = Exclude<keyof T, symbol>;

interface User {
  readonly id: number;
  name?: string;
  friends: User[];
  best: User | null;
}

class Cat {
  name = "Mia";
  meow(times: number): string {
    return "meow".repeat(times);
  }
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

Deno.test("Remote makes a method return a promise", () => {
  interface Service {
    add(a: number, b: number): number;
    log(text: string): void;
    find(id: number): User | null;
    maybe(): number | Promise<number>;
    same(): Promise<string>;
    json(): Json;
    fail(): never;
  }
  type Proxy = Remote<Service>;
  assertType<IsExact<Proxy["add"], (a: number, b: number) => Promise<number>>>(
    true,
  );
  assertType<IsExact<Proxy["log"], (text: string) => Promise<void>>>(true);
  assertType<IsExact<Proxy["find"], (id: number) => Promise<User | null>>>(
    true,
  );
  assertType<IsExact<Proxy["maybe"], () => Promise<number>>>(true);
  assertType<IsExact<Proxy["same"], () => Promise<string>>>(true);
  assertType<IsExact<Proxy["json"], () => Promise<Json>>>(true);
  assertType<IsExact<Proxy["fail"], () => Promise<never>>>(true);
});

Deno.test("Remote keeps the signature of a method that returns a promise", () => {
  interface Service {
    echo<T>(value: T): Promise<T>;
    first<T extends User>(values: readonly T[]): Promise<T | undefined>;
    parse(text: string): Promise<string>;
    parse(text: number, radix: number): Promise<number>;
    parse(text: string | number): Promise<string | number>;
  }
  type Proxy = Remote<Service>;
  assertType<IsExact<Proxy["echo"], Service["echo"]>>(true);
  assertType<IsExact<Proxy["first"], Service["first"]>>(true);
  assertType<IsExact<Proxy["parse"], Service["parse"]>>(true);

  const types = (proxy: Proxy, me: User & { me: true }) => {
    assertType<IsExact<typeof echoed, Promise<Date>>>(true);
    const echoed = proxy.echo(new Date());
    assertType<IsExact<typeof found, Promise<typeof me | undefined>>>(true);
    const found = proxy.first([me]);
    assertType<IsExact<typeof text, Promise<string>>>(true);
    const text = proxy.parse("1");
    assertType<IsExact<typeof number, Promise<number>>>(true);
    const number = proxy.parse(1, 2);
  };
  assertEquals(types.length, 2);
});

Deno.test("Remote keeps optional and rest parameters and their names", () => {
  interface Service {
    join(separator: string, ...parts: string[]): string;
    pad(text: string, width?: number): Promise<string>;
    cut(text: string, at?: number): string;
  }
  type Proxy = Remote<Service>;
  assertType<
    IsExact<
      Proxy["join"],
      (separator: string, ...parts: string[]) => Promise<string>
    >
  >(true);
  assertType<IsExact<Proxy["pad"], Service["pad"]>>(true);
  assertType<
    IsExact<Proxy["cut"], (text: string, at?: number) => Promise<string>>
  >(true);
});

Deno.test("Remote has sub-services of classes, plain services and routers", () => {
  const plain = service({
    double: (n: number) => 2 * n,
    deeper: service({ deepest: service({ ok: (): boolean => true }) }),
  });
  class Root {
    readonly cat = new Cat();
    readonly plain = plain;
    readonly cats = new Router<Cat>();
    readonly anything = new Router();
    optional?: Cat;
    nullable: Cat | null = null;
  }
  type Proxy = Remote<Root>;
  assertType<IsExact<Proxy["cat"], Remote<Cat>>>(true);
  assertType<IsExact<Proxy["plain"], Remote<typeof plain>>>(true);
  assertType<
    IsExact<Proxy["plain"]["double"], (n: number) => Promise<number>>
  >(true);
  assertType<
    IsExact<Proxy["plain"]["deeper"]["deepest"]["ok"], () => Promise<boolean>>
  >(true);
  assertType<
    IsExact<Proxy["cats"], { readonly [name: string]: Remote<Cat> }>
  >(true);
  assertType<IsExact<Names<Proxy["anything"]>, string | number>>(true);
  assertType<IsExact<Proxy["optional"], Remote<Cat>>>(true);
  assertType<IsExact<Proxy["nullable"], Remote<Cat>>>(true);
});

Deno.test("Remote lacks data, and keeps all that can be called", () => {
  class Service {
    readonly count = 0;
    readonly config = { port: 1, tls: { on: true } };
    readonly user: User | null = null;
    readonly at = new Date();
    readonly bytes = new Uint8Array();
    readonly names: string[] = [];
    readonly table = new Map<string, Cat>();
    readonly ready: Promise<void> = Promise.resolve();
    readonly nothing: undefined = undefined;
    readonly untold: unknown = null;
    readonly [Symbol.toStringTag] = "Service";
    #hidden = 1;
    declare optional?: () => string;
    declare union: (() => string) | null;
    arrow = (n: number): number => n + this.#hidden;
    get level(): number {
      return this.#hidden;
    }
    protected guarded(): void {}
    method(): void {}
    async *stream(): AsyncGenerator<number> {}
  }
  type Proxy = Remote<Service>;
  assertType<IsExact<Names<Remote<{ data: User }>>, never>>(true);
  assertType<
    IsExact<Names<Proxy>, "optional" | "union" | "arrow" | "method" | "stream">
  >(true);
  assertType<IsExact<Proxy["optional"], () => Promise<string>>>(true);
  assertType<IsExact<Proxy["union"], () => Promise<string>>>(true);

  type Dictionary = Remote<Record<string, (n: number) => string>>;
  assertType<
    IsExact<Dictionary[string], (n: number) => Promise<string>>
  >(true);
});

Deno.test("Remote follows types that refer to themselves", () => {
  interface Leaf {
    parent: Leaf | null;
    value: number;
  }
  class Tree {
    declare parent: Tree;
    declare leaf: Leaf;
    grow(): Tree {
      return this;
    }
    prune(): Promise<this> {
      return Promise.resolve(this);
    }
    leaves(): Leaf {
      return this.leaf;
    }
  }
  type Proxy = Remote<Tree>;
  assertType<IsExact<ReturnType<Proxy["parent"]["leaves"]>, Promise<Leaf>>>(
    true,
  );
  const types = async (proxy: Proxy) => {
    const grown = await (await proxy.grow()).parent.grow();
    assertType<IsExact<typeof grown, Remote<Tree> & Disposable>>(true);
    const pruned = await (await proxy.prune()).leaves();
    assertType<IsExact<typeof pruned, Leaf>>(true);
  };
  assertEquals(types.length, 1);
});

Deno.test("Remote makes async iterables streams", () => {
  interface Service {
    upTo(last: number): AsyncGenerator<number>;
    later(): Promise<AsyncIterable<string>>;
    maybe(): AsyncIterable<string> | null;
    web(): ReadableStream<Uint8Array>;
    cats(): AsyncIterable<Cat>;
  }
  type Proxy = Remote<Service>;
  assertType<
    IsExact<Proxy["upTo"], (last: number) => Promise<RemoteStream<number>>>
  >(true);
  assertType<IsExact<Proxy["later"], () => Promise<RemoteStream<string>>>>(
    true,
  );
  assertType<
    IsExact<Proxy["maybe"], () => Promise<RemoteStream<string> | null>>
  >(true);
  assertType<IsExact<Proxy["web"], () => Promise<RemoteStream<Uint8Array>>>>(
    true,
  );
  const types = async (proxy: Proxy) => {
    await using cats = await proxy.cats();
    for await (const cat of cats) {
      assertType<IsExact<typeof cat, Remote<Cat> & Disposable>>(true);
    }
  };
  assertEquals(types.length, 1);
});

Deno.test("Remote takes functions and services as they are declared", () => {
  interface Service {
    each(visit: (n: number) => void | Promise<void>): Promise<void>;
    feed(cat: Cat | Remote<Cat>): Promise<string>;
  }
  type Proxy = Remote<Service>;
  assertType<IsExact<Proxy["each"], Service["each"]>>(true);
  assertType<IsExact<Proxy["feed"], Service["feed"]>>(true);
  const types = (proxy: Proxy, cat: Remote<Cat>) => {
    proxy.each(() => {});
    proxy.each(async () => {});
    proxy.feed(new Cat());
    proxy.feed(cat);
    // @ts-expect-error: it must take a number
    proxy.each((_: string) => {});
    // @ts-expect-error: a user is no cat
    proxy.feed({ id: 1, friends: [], best: null });
  };
  assertEquals(types.length, 2);
});

Deno.test("Remote makes functions and services in results proxies", () => {
  type Double = (n: number) => number;
  type RemoteDouble = ((n: number) => Promise<number>) & Disposable;
  type RemoteCat = Remote<Cat> & Disposable;
  assertType<IsExact<Result<Double>, RemoteDouble>>(true);
  assertType<IsExact<Result<Promise<Cat>>, RemoteCat>>(true);
  assertType<IsExact<Result<Cat | null>, RemoteCat | null>>(true);
  assertType<IsExact<Result<Cat | string>, RemoteCat | string>>(true);
  assertType<IsExact<Result<Cat[]>, RemoteCat[]>>(true);
  assertType<
    IsExact<Result<readonly [Cat, string]>, readonly [RemoteCat, string]>
  >(true);
  assertType<
    IsExact<Result<{ cat: Cat; age: number }>, { cat: RemoteCat; age: number }>
  >(true);
  assertType<IsExact<Result<Remote<Cat>>, RemoteCat>>(true);
  assertType<IsExact<Result<Remote<Cat>>["meow"], Remote<Cat>["meow"]>>(true);
});

Deno.test("Remote leaves data in results alone", () => {
  class Point {
    readonly x = 1;
    plus(_other: Point): Point {
      return this;
    }
    toData(): number {
      return this.x;
    }
  }
  assertType<IsExact<Result<Point>, Point>>(true);
  assertType<IsExact<Result<Promise<Point[]>>, Point[]>>(true);
  assertType<IsExact<Result<Date>, Date>>(true);
  assertType<IsExact<Result<Uint8Array>, Uint8Array>>(true);
  assertType<IsExact<Result<User>, User>>(true);
  assertType<IsExact<Result<User[] | undefined>, User[] | undefined>>(true);
  assertType<IsExact<Result<"a" | "b" | 3>, "a" | "b" | 3>>(true);
  assertType<IsExact<Result<boolean>, boolean>>(true);
  assertType<IsExact<Result<unknown>, unknown>>(true);
  assertType<IsExact<Result<Promise<void>>, void>>(true);
  assertType<
    IsExact<Result<Record<string, number>>, Record<string, number>>
  >(true);
  assertType<IsExact<Arrived<[a: number, b?: Date]>, [a: number, b?: Date]>>(
    true,
  );
});

Deno.test("Remote names in results what cannot be sent", () => {
  type Reason<T> = T extends CannotBeSent<infer Why> ? Why : never;
  type Signal = "an AbortSignal: the signal of the call is call().signal";
  type Late = "a promise inside of a value: await it first";
  type Once = "a synchronous iterator: send a list or an async iterable";
  assertType<IsExact<Reason<Result<AbortSignal>>, Signal>>(true);
  assertType<IsExact<Reason<Result<Promise<AbortController>>>, Signal>>(true);
  assertType<IsExact<Reason<Result<{ at: Promise<1> }>["at"]>, Late>>(true);
  assertType<IsExact<Reason<Result<Promise<1>[]>[number]>, Late>>(true);
  assertType<
    IsExact<Reason<Result<Promise<[{ at: Promise<1> }]>>[0]["at"]>, Late>
  >(true);
  assertType<IsExact<Reason<Result<Generator<number>>>, Once>>(true);
  assertType<IsExact<Reason<Result<ArrayIterator<number>>>, Once>>(true);
  assertType<IsExact<Reason<Result<symbol>>, "a symbol: send a string">>(true);
  const types = async (proxy: Remote<{ get(): { at: Promise<1> } }>) => {
    const { at } = await proxy.get();
    // @ts-expect-error: it is no promise
    at.then();
  };
  assertEquals(types.length, 1);

  type Sent = [
    Date,
    Map<string, Set<bigint>>,
    URL,
    RegExp,
    Error,
    Uint8Array,
    ArrayBuffer,
    DataView,
    { a?: number | undefined; b: readonly string[] },
  ];
  assertType<IsExact<Result<Sent>, Sent>>(true);
  class Holder {
    readonly controller = new AbortController();
    readonly steps = [1].values();
    work(): void {}
  }
  assertType<IsExact<Names<Remote<Holder>>, "work">>(true);
});

Deno.test("Remote of what is any is any, and of unknown has nothing", () => {
  // deno-lint-ignore no-explicit-any -- as users who give up types write it
  type Any = any;
  assertType<IsExact<Result<Any>, Any>>(true);
  assertType<IsExact<Remote<{ loose: Any }>["loose"], Any>>(true);
  assertType<IsExact<Remote<Any>["method"], Any>>(true);
  assertType<IsExact<Names<Remote<unknown>>, never>>(true);
});

Deno.test("Remote lacks what the class says is local", () => {
  class Base implements HasLocalMembers<"close" | "address"> {
    declare readonly [localMembers]?: "close" | "address";
    readonly address = "local://base";
    close(): Promise<void> {
      return Promise.resolve();
    }
  }
  class Special extends Base {
    work(): number {
      return 1;
    }
  }
  class Holder {
    readonly special = new Special();
  }
  assertType<IsExact<Names<Remote<Special>>, "work">>(true);
  assertType<IsExact<Names<Remote<Holder>["special"]>, "work">>(true);
  assertType<IsExact<Names<Remote<Base>>, never>>(true);
  assertEquals(Object.keys(new Special()), ["address"]);
});

Deno.test("Remote takes keyword arguments for a last plain object", () => {
  interface Service {
    meow(what: string, options: { times: number }): Promise<string>;
  }
  const types = (proxy: Remote<Service>) => {
    proxy.meow("mi", kwargs({ times: 2 }));
    // @ts-expect-error: it must be a number
    proxy.meow("mi", kwargs({ times: "2" }));
  };
  assertEquals(types.length, 1);
});

Deno.test("Remote keeps its type through withOptions, keep and generic code", () => {
  const types = (cat: Remote<Cat>) => {
    assertType<IsExact<typeof timed, Remote<Cat>>>(true);
    const timed = withOptions(cat, { timeoutMs: 1 });
    assertType<IsExact<typeof kept, Remote<Cat> & Disposable>>(true);
    const kept = keep(cat);
    withOptions(kept, { timeoutMs: 1 })[Symbol.dispose]();
    withOptions(cat.meow, { timeoutMs: 1 })(1);
    // @ts-expect-error: there is no such method
    cat.bark;
    // @ts-expect-error: a proxy cannot be changed
    cat.meow = () => Promise.resolve("");
    // @ts-expect-error: times is missing
    cat.meow();
  };
  assertEquals(types.length, 1);
});

Deno.test("withOptions takes proxies only, in generic code, too", () => {
  interface Store<T> {
    put(value: T): void;
  }
  interface Narrow {
    work(): Promise<number>;
    readonly sub: { readonly rest: () => Promise<void> };
  }
  const options = { timeoutMs: 1 };
  const types = <S>(
    proxy: Remote<S>,
    store: Remote<Store<S>>,
    value: S,
    narrow: Narrow,
    anyone: Remote<Record<string, Cat>>,
  ) => {
    const same: Remote<S> = withOptions(proxy, options);
    withOptions(same, options);
    withOptions(store, options).put(value);
    withOptions(narrow, options).sub.rest();
    withOptions(anyone, options).mia!.meow(1);
    // @ts-expect-error: it is on this side
    withOptions(new Cat(), options);
    // @ts-expect-error: it is on this side
    withOptions(service({ one: () => 1 }), options);
    // @ts-expect-error: it holds a proxy
    withOptions({ proxy, size: 1 }, options);
    // @ts-expect-error: it is no proxy
    withOptions("text", options);
    // @ts-expect-error: it may be missing
    withOptions(undefined, options);
  };
  assertEquals(types.length, 5);
});

Deno.test("Remote stays itself when awaited", async () => {
  interface Thenable {
    then(callback: () => void): void;
    toString(): string;
    work(): number;
  }
  assertType<IsExact<Names<Remote<Thenable>>, "work">>(true);
  assertType<IsExact<Awaited<Remote<Cat>>, Remote<Cat>>>(true);
  const calls: string[] = [];
  const caller: Caller = {
    remoteAddress: "local://nowhere",
    call: (path) => {
      calls.push(path);
      return Promise.resolve();
    },
    keep: () => {},
    release: () => {},
  };
  const proxy = makeRemote(caller, "") as Remote<Thenable>;
  const awaited = await proxy;
  assertType<IsExact<typeof awaited, Remote<Thenable>>>(true);
  assertEquals(awaited === proxy, true);
  assertEquals(calls, []);
  await awaited.work();
  assertEquals(calls, ["work"]);
});
