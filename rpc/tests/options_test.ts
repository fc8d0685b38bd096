import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { call, type CallOptions } from "../call.ts";
import { ReferenceReleasedError } from "../errors.ts";
import { method } from "../service/method.ts";
import { keep, sameRemote, withOptions } from "../options.ts";
import {
  type Caller,
  type Claim,
  makeRemote,
} from "../references/_remote_proxy.ts";
import { service } from "../service/service.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";

/** The members of a proxy that these tests use. */
interface Loose extends Disposable {
  (): Promise<unknown>;
  sub: { work(): Promise<unknown> };
  toString(): string;
}

function recorder(): Caller & { readonly acts: unknown[] } {
  const acts: unknown[] = [];
  return {
    acts,
    remoteAddress: "local://there",
    call: (path, _args, options) => Promise.resolve(acts.push([path, options])),
    keep: (path) => void acts.push(["keep", path]),
    release: (path) => void acts.push(["release", path]),
  };
}

const make = (caller: Caller, path: string, claim?: Claim) =>
  makeRemote(caller, path, claim && { claim }) as Loose;

Deno.test("withOptions holds for the proxy and what is below it", async () => {
  const caller = recorder();
  const remote = make(caller, "");
  const options: CallOptions = { timeoutMs: 5 };
  await withOptions(remote, options).sub.work();
  await withOptions(remote.sub, options).work();
  await remote.sub.work();
  assertEquals(caller.acts, [
    ["sub/work", options],
    ["sub/work", options],
    ["sub/work", {}],
  ]);
});

Deno.test("withOptions adds to earlier options, and replaces the same", async () => {
  const caller = recorder();
  const { signal } = new AbortController();
  const first = withOptions(make(caller, ""), { timeoutMs: 5, signal });
  await withOptions(first, { timeoutMs: 6 }).sub.work();
  assertEquals(caller.acts, [["sub/work", { timeoutMs: 6, signal }]]);
});

Deno.test("withOptions gives a reference back together with the original", () => {
  const caller = recorder();
  const remote = make(caller, "$/ref/1", { state: "owned", reference: null });
  const other = withOptions(remote, { timeoutMs: 5 });
  other[Symbol.dispose]();
  remote[Symbol.dispose]();
  assertEquals(caller.acts, [["release", "$/ref/1"]]);
});

Deno.test("sameRemote compares connection and path", () => {
  const caller = recorder();
  const remote = make(caller, "a");
  assert(sameRemote(remote, make(caller, "a")));
  assert(sameRemote(remote, withOptions(remote, { timeoutMs: 1 })));
  assertFalse(sameRemote(remote, make(caller, "b")));
  assertFalse(sameRemote(remote, make(recorder(), "a")));
  assertFalse(sameRemote(remote, () => {}));
  assertFalse(sameRemote(undefined, undefined));
});

Deno.test("keep holds what was borrowed until its own result is disposed of", () => {
  const caller = recorder();
  const borrowed = make(caller, "$/ref/1", {
    state: "borrowed",
    reference: null,
  });
  const [one, two] = [keep(borrowed), keep(borrowed)];
  assert(sameRemote(one, borrowed));
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  borrowed[Symbol.dispose]();
  two[Symbol.dispose]();
  const path = "$/ref/1";
  assertEquals(caller.acts, [
    ["keep", path],
    ["keep", path],
    ["release", path],
    ["release", path],
  ]);
});

Deno.test("keep hands back what is owned already", () => {
  const caller = recorder();
  const owned = make(caller, "$/ref/1", { state: "owned", reference: null });
  assertStrictEquals(keep(owned), owned);
  assertEquals(caller.acts, []);
  owned[Symbol.dispose]();
  assertThrows(() => keep(owned), ReferenceReleasedError, "Cannot keep Remote");
});

Deno.test("withOptions and keep refuse what is no proxy", () => {
  assertThrows(() => withOptions({}, {}), TypeError, "Cannot set options");
  assertThrows(() => keep(() => {}), TypeError, "Cannot keep");
});

Deno.test("withOptions refuses a controller as its signal", () => {
  const remote = make(recorder(), "work", { state: "owned", reference: null });
  const signal = new AbortController() as unknown as AbortSignal;
  const act = () => withOptions(remote, { signal });
  assertThrows(act, TypeError, "'signal' is not an AbortSignal");
});

withCtx("withOptions passes on the call that a method serves", async (ctx) => {
  const stopped = Promise.withResolvers<unknown>();
  const remaining: number[] = [];
  const back = service({
    async work() {
      const { signal, remainingMs } = call();
      remaining.push(remainingMs);
      await new Promise<void>((resolve) =>
        signal.addEventListener("abort", () => resolve())
      );
      stopped.resolve(signal.reason);
    },
    ping: () => {},
  });
  const inner = await ctx.rpc.startServerAndConnect(back);
  await inner.remote.ping();
  const front = service({
    work: method({ args: [] }, async (call) => {
      await Promise.resolve();
      await withOptions(inner.remote, { call }).work();
    }),
    ping: () => {},
  });
  const { remote } = await ctx.rpc.startServerAndConnect(front);
  await remote.ping();
  const controller = new AbortController();
  const { signal } = controller;
  const work = withOptions(remote, { signal, timeoutMs: 60_000 }).work();
  const rejected = assertRejects(() => work, Error, "enough");
  while (remaining.length === 0) await inner.remote.ping();
  assert(remaining[0]! > 0 && remaining[0]! <= 60_000);
  controller.abort(new Error("enough"));
  await rejected;
  await stopped.promise;
});
