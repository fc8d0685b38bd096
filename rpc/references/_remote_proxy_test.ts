import {
  assert,
  assertEquals,
  assertFalse,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { format, inspect } from "node:util";
import { ReferenceReleasedError } from "../errors.ts";
import { type Caller, makeRemote, remoteNode } from "./_remote_proxy.ts";

/** A proxy with any members. */
interface Loose {
  (...args: unknown[]): Promise<unknown>;
  [name: string]: Loose;
}

function recorder(): Caller & { readonly acts: unknown[] } {
  const acts: unknown[] = [];
  return {
    acts,
    remoteAddress: "local://there",
    call: (path, args) => Promise.resolve(acts.push([path, ...args])),
    keep: (path) => void acts.push(["keep", path]),
    release: (path) => void acts.push(["release", path]),
  };
}

const loose = (caller: Caller, path = "") => makeRemote(caller, path) as Loose;

Deno.test("makeRemote calls the path that was asked for", async () => {
  const caller = recorder();
  const remote = loose(caller);
  await remote.add!(1, 2);
  await remote.sub!.deep!.work!();
  await loose(caller, "$/ref/3")(4);
  assertEquals(caller.acts, [["add", 1, 2], ["sub/deep/work"], ["$/ref/3", 4]]);
});

Deno.test("makeRemote answers by itself to every name of functions and objects", () => {
  const caller = recorder();
  const remote = loose(caller);
  const inherited = [Object.prototype, Function.prototype, function () {}]
    .flatMap((it) => Object.getOwnPropertyNames(it));
  const told = ["then", "toJSON", "asymmetricMatch", "inspect", "nodeType"];
  for (const name of [...inherited, ...told, "$$typeof", "@@iterator"]) {
    const answer: unknown = Reflect.get(remote, name);
    assertEquals(remoteNode(answer), undefined, name);
    try {
      // As a tool calls the functions that it finds.
      if (typeof answer === "function") answer.call(remote, remote, remote);
    } catch {
      // The function may throw.
    }
  }
  // `call` and the like call the proxy itself, not a method named `call`.
  const calls = caller.acts.map((act) => (act as unknown[])[0]);
  assertEquals(new Set(calls), new Set([""]));
});

Deno.test("makeRemote is called by call, apply and bind as a function is", async () => {
  const caller = recorder();
  const { work } = loose(caller) as unknown as Record<
    string,
    (...args: unknown[]) => Promise<unknown>
  >;
  await work!.call(null, 1);
  await work!.apply(null, [2]);
  await work!.bind(null, 3)();
  assertEquals(caller.acts, [["work", 1], ["work", 2], ["work", 3]]);
  assertEquals([work!.name, work!.length], ["", 0]);
});

Deno.test("makeRemote can be looked at by any tool, and calls nothing", async () => {
  const caller = recorder();
  const remote = loose(caller);
  const text = "Remote(a at local://there)";
  const value = { remote: remote.a!, list: [remote.a!] };
  assertEquals(
    JSON.stringify(value),
    JSON.stringify({ remote: text, list: [text] }),
  );
  assertEquals(format("%j", value), JSON.stringify(value));
  format("%s %o %O", value, value, value);
  inspect(value, { showHidden: true, depth: 9 });
  Deno.inspect(value, { showHidden: true, depth: 9, getters: true });
  assertThrows(() => structuredClone(value), DOMException);
  assertEquals(value, { ...value });
  assertThrows(() => assertEquals(value, { remote: 1 } as unknown));
  assertStrictEquals(remote.valueOf!() as unknown, remote);
  assertEquals(remote.toLocaleString!() as unknown, String(remote));
  assertEquals(remote.hasOwnProperty!("a") as unknown, false);
  assertEquals(remote.constructor as unknown, Object);
  assertEquals(`${await remote.a}`, text);
  assertEquals(caller.acts, []);
});

Deno.test("makeRemote escapes what the other side may have chosen", () => {
  const caller = { ...recorder(), remoteAddress: "local://\n\x1b[31m" };
  const place = { address: "tcp://a:1/0\nfake", type: "A\u202e\x1b[31m" };
  const texts = [
    makeRemote(caller, "$/ref/1/\nfake line"),
    makeRemote(caller, "", { place }),
  ].map(String);
  assertEquals(texts, [
    "Remote($/ref/1/\\nfake line at local://\\n\\u{1b}[31m)",
    "A\\u{202e}\\u{1b}[31mProxy('tcp://a:1/0\\nfake')",
  ]);
});

Deno.test("makeRemote makes no thenable: awaiting it calls nothing", async () => {
  const caller = recorder();
  const remote = loose(caller);
  assertStrictEquals(await remote, remote);
  assertStrictEquals(await remote.sub, remote.sub);
  assertEquals(caller.acts, []);
});

Deno.test("makeRemote hands out one proxy a name", () => {
  const remote = loose(recorder());
  assertStrictEquals(remote.sub!.work, remote.sub!.work);
  assertNotStrictEquals(remote.sub, remote.other);
});

Deno.test("makeRemote names path and address as text", () => {
  const remote = loose(recorder());
  assertEquals(String(remote), "Remote(root at local://there)");
  assertEquals(`${remote.a!.b}`, "Remote(a/b at local://there)");
  assertEquals(remote.a!.toString!() as unknown, "Remote(a at local://there)");
  assertEquals(Deno.inspect(remote.a, { colors: false }), "[Function: remote]");
});

Deno.test("makeRemote shows no properties, and answers to no other symbol", () => {
  const remote = loose(recorder());
  remote.work;
  assertEquals(Object.keys(remote), []);
  assertEquals(Reflect.ownKeys(remote), []);
  assertFalse("work" in remote);
  assertFalse(Object.hasOwn(remote, "name"));
  const bySymbol = remote as unknown as Record<symbol, unknown>;
  assertEquals(bySymbol[Symbol.iterator], undefined);
  assertEquals(bySymbol[Symbol.asyncIterator], undefined);
});

Deno.test("makeRemote lets nobody change a proxy, or all of them", async () => {
  const caller = recorder();
  const [one, other] = [loose(caller), loose(caller)];
  assertThrows(
    () => Object.assign(one, { work: 1 }),
    TypeError,
    "Cannot set 'work' of Remote(root",
  );
  assertThrows(() => Object.freeze(one), TypeError);
  assertThrows(() => Object.preventExtensions(one), TypeError);
  assertThrows(() => Object.setPrototypeOf(one, {}), TypeError);
  assertThrows(() => Object.defineProperty(one, "x", { value: 1 }), TypeError);
  assertThrows(() => {
    delete (one as Partial<Loose>).work;
  }, TypeError);
  for (const name of ["work", "x"]) await other[name]!();
  assertEquals(caller.acts, [["work"], ["x"]]);
});

Deno.test("makeRemote gives back what it owns once, and then calls nothing", async () => {
  const caller = recorder();
  const remote = makeRemote(caller, "$/ref/1", {
    claim: { state: "owned", reference: null },
  }) as
    & Loose
    & Disposable;
  const method = remote.work!;
  remote[Symbol.dispose]();
  remote[Symbol.dispose]();
  assertEquals(caller.acts, [["release", "$/ref/1"]]);
  await assertRejects(() => remote(), ReferenceReleasedError, "disposed of");
  await assertRejects(() => method(), ReferenceReleasedError);
  assertEquals(caller.acts.length, 1);
});

Deno.test("makeRemote gives nothing back that was borrowed or is listed", async () => {
  const caller = recorder();
  const borrowed = makeRemote(caller, "$/ref/1", {
    claim: { state: "borrowed", reference: null },
  });
  for (const remote of [borrowed, makeRemote(caller, "sub")]) {
    (remote as Disposable)[Symbol.dispose]();
    await (remote as Loose)();
  }
  assertEquals(caller.acts, [["$/ref/1"], ["sub"]]);
});

Deno.test("remoteNode knows proxies, and nothing else", () => {
  const caller = recorder();
  const node = remoteNode(loose(caller).a!.b);
  assert(node !== undefined);
  assertStrictEquals(node.caller, caller);
  assertEquals(node.path, "a/b");
  for (const value of [null, undefined, {}, () => {}, "Remote(a at b)", node]) {
    assertEquals(remoteNode(value), undefined);
  }
});
