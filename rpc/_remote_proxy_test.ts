import {
  assert,
  assertEquals,
  assertFalse,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ReferenceReleasedError } from "./errors.ts";
import { type Caller, makeRemote, remoteNode } from "./_remote_proxy.ts";

/** A proxy of which anything may be asked. */
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

Deno.test("makeRemote takes names that functions have for paths", async () => {
  const caller = recorder();
  const remote = loose(caller);
  const names = ["name", "length", "call", "apply", "bind", "constructor"];
  for (const name of names) await remote[name]!();
  assertEquals(caller.acts, names.map((name) => [name]));
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
    delete (one as Partial<Loose>).name;
  }, TypeError);
  for (const name of ["name", "x"]) await other[name]!();
  assertEquals(caller.acts, [["name"], ["x"]]);
});

Deno.test("makeRemote gives back what it owns once, and then calls nothing", async () => {
  const caller = recorder();
  const remote = makeRemote(caller, "$/ref/1", { claim: { state: "owned" } }) as
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
    claim: { state: "borrowed" },
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
