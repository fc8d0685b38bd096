import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { fakeSession } from "../fixtures/session.ts";
import { ReferenceReleasedError } from "../errors.ts";
import { Budget } from "../../channel/limits/budget.ts";
import type { ArrivalContext } from "../../channel/internal.ts";
import { type Hold, MessageContext } from "./_message_context.ts";
import { referenceKey, References } from "./_references.ts";
import { type Caller, makeRemote, remoteNode } from "./_remote_proxy.ts";
import { withOptions } from "../options.ts";
import { Router, service } from "../service/service.ts";

const leaf = service({ work: (): string => "done" });
const tree = service({ leaf });

const idle: Caller = {
  remoteAddress: "local://there",
  call: () => Promise.resolve(),
  keep: () => {},
  release: () => {},
};

const REPLY: ArrivalContext = { kind: "reply" };
const REQUEST: ArrivalContext = { kind: "request" };

function make(
  {
    hasExtensions = true,
    maxReferences = 10,
    budget = new Budget(1e6),
    root = tree as object,
  } = {},
): References {
  return new References(fakeSession({
    channel: { budget },
    hello: { hasExtensions, takesAddresses: false },
    root,
    calls: idle,
    options: { maxReferences },
  }));
}

/**
 * Packs `values` in one message. Returns their paths and functions that release
 * them.
 */
function pack(
  references: References,
  hold: Hold,
  ...values: object[]
): { paths: unknown[]; release: () => void } {
  const context = new MessageContext(hold);
  const paths = values.map((value) => references.pack(value, context));
  return { paths, release: () => context.discard() };
}

Deno.test("References sends what is listed by its path, without a reference", () => {
  const references = make();
  assertEquals(references.pack(tree, null), "");
  assertEquals(references.pack(leaf, null), "leaf");
  assertEquals(references.size, 0);
});

Deno.test("References holds one reference for the same thing", () => {
  const references = make();
  const one = () => 1;
  const { paths } = pack(references, "owned", one, one, () => 2);
  assertEquals(paths, ["$/ref/0", "$/ref/0", "$/ref/1"]);
  assertEquals(references.size, 2);
});

Deno.test("References lets go of what was borrowed, once in all", () => {
  const references = make();
  const fn = () => 1;
  const first = pack(references, "borrowed", fn, fn);
  const second = pack(references, "borrowed", fn);
  first.release();
  first.release();
  assertEquals(references.size, 1);
  second.release();
  assertEquals(references.size, 0);
  assertThrows(() => references.resolve("$/ref/0"), ReferenceReleasedError);
  // Keys are not reused: an old proxy must not call a new target.
  assertEquals(pack(references, "borrowed", fn).paths, ["$/ref/1"]);
});

Deno.test("References holds what was given for each time that it was", () => {
  const references = make();
  const fn = () => 1;
  pack(references, "owned", fn);
  pack(references, "owned", fn);
  references.release(0);
  assertEquals(references.size, 1);
  references.release(0);
  assertEquals(references.size, 0);
  references.release(0);
});

Deno.test("References keeps what was borrowed for longer", () => {
  const references = make();
  const { release } = pack(references, "borrowed", () => 1);
  references.keep(0);
  release();
  assert(references.resolve("$/ref/0") !== null);
  references.release(0);
  assertEquals(references.size, 0);
  assertThrows(() => references.keep(0), ReferenceReleasedError);
  assertThrows(() => references.keep(NaN), ReferenceReleasedError);
});

Deno.test("References takes nothing from a call if too much is given back", () => {
  const references = make();
  const { release } = pack(references, "borrowed", () => 1);
  references.release(0);
  references.release(0);
  assertEquals(references.size, 1);
  release();
  assertEquals(references.size, 0);
});

Deno.test("References over the limit are refused, and the message let go of", () => {
  const references = make({ maxReferences: 2 });
  const { release } = pack(references, "borrowed", () => 1, () => 2);
  const third = () => 3;
  assertThrows(() => references.pack(third, null), RangeError, "2 references");
  // Listed services, and targets that are already held, need no new reference.
  references.pack(leaf, null);
  release();
  assertEquals(references.size, 0);
  pack(references, "borrowed", third).release();
});

Deno.test("References is empty after the end, whatever is let go of later", () => {
  const references = make();
  const fn = () => 1;
  const { release } = pack(references, "borrowed", fn);
  references.clear();
  assertEquals(references.size, 0);
  pack(references, "owned", fn);
  release();
  assertEquals(references.size, 1);
});

Deno.test("References.resolve finds functions, and methods of services", () => {
  const references = make();
  const router = new Router();
  router.set("child", leaf);
  const fn = () => 1;
  pack(references, "owned", fn, service({ leaf, own: fn }), router);
  const found = (path: string) => references.resolve(path)?.method;
  assertStrictEquals(found("$/ref/0"), fn);
  assertStrictEquals(found("$/ref/1/own"), fn);
  assertStrictEquals(found("$/ref/1/leaf/work"), leaf.work);
  assertStrictEquals(found("$/ref/2/child/work"), leaf.work);
  const none = [
    "$/ref/0/",
    "$/ref/0/call",
    "$/ref/0/constructor",
    "$/ref/0/prototype",
    "$/ref/1",
    "$/ref/1/",
    "$/ref/1/leaf",
    "$/ref/1/constructor",
    "$/ref/2/set",
    "$/ref/2/child",
  ];
  for (const path of none) assertEquals(references.resolve(path), null, path);
});

Deno.test("References.resolve takes keys in one spelling only", () => {
  const references = make();
  pack(references, "owned", () => 1);
  const bad = [
    "",
    " 0",
    "0x0",
    "0.0",
    "-0",
    "0e0",
    "+0",
    "00",
    "01",
    "null",
    "9".repeat(40),
  ];
  for (const key of [...bad, "1"]) {
    const path = `$/ref/${key}`;
    assertThrows(() => references.resolve(path), ReferenceReleasedError);
  }
  assertEquals(referenceKey("$/ref/12/a/3"), 12);
});

Deno.test("References sends home only what the other side sent", () => {
  const references = make();
  const arrived = references.unpack("$/ref/7", REQUEST) as Record<
    string,
    object
  >;
  const listed = references.unpack("leaf", REQUEST) as Record<string, object>;
  assertEquals(references.pack(arrived, null), { own: "$/ref/7" });
  assertEquals(references.pack(listed, null), { own: "leaf" });
  const kept = withOptions(arrived, { timeoutMs: 1 });
  assertEquals(references.pack(kept, null), { own: "$/ref/7" });
  assertEquals(references.size, 0);
  // Members of sent proxies, and proxies that were not sent, become references.
  assertEquals(references.pack(arrived.sub!, null), "$/ref/0");
  assertEquals(references.pack(listed.work!, null), "$/ref/1");
  assertEquals(references.pack(makeRemote(idle, ""), null), "$/ref/2");
});

Deno.test("References forwards a proxy to a peer that cannot take it home", () => {
  const references = make({ hasExtensions: false });
  assertEquals(references.pack(makeRemote(idle, "leaf"), null), "$/ref/0");
  const third = makeRemote({ ...idle }, "leaf");
  assertEquals(make().pack(third, null), "$/ref/0");
});

Deno.test("References.unpack takes home what was sent, by its own path", () => {
  const references = make();
  const fn = () => 1;
  const unlisted = service({ deep: service({ fn }) });
  const home = (own: unknown) => references.unpack({ own }, REPLY);
  for (const path of ["", "leaf", "$/ref/0", "$/ref/1"]) {
    assertThrows(() => home(path), ReferenceReleasedError, "did not pass it");
  }
  pack(references, "owned", fn, unlisted, tree, leaf);
  assertStrictEquals(home("$/ref/0"), fn);
  assertStrictEquals(home("$/ref/1"), unlisted);
  assertStrictEquals(home(""), tree);
  assertStrictEquals(home("leaf"), leaf);
  for (
    const path of [
      ...["leaf/work", "leaf/", "/leaf", "nowhere", "leaf/constructor"],
      ...["$/ref/1/deep", "$/ref/1/", "$/ref/01", "$/ref/9", "$/ref/"],
    ]
  ) assertThrows(() => home(path), ReferenceReleasedError);
  for (const path of [1, null]) {
    assertThrows(() => home(path), TypeError, "a service reference");
  }
  references.release(0);
  assertThrows(() => home("$/ref/0"), ReferenceReleasedError);
  references.clear();
  assertThrows(() => home("leaf"), ReferenceReleasedError);
});

Deno.test("References takes home what its path still leads to, however much was sent", () => {
  const children = [1, 2, 3].map((n) => service({ work: () => n }));
  const router = new Router();
  for (const [n, child] of children.entries()) router.set(`c${n}`, child);
  const references = make({ maxReferences: 2, root: router });
  const home = (own: string) => references.unpack({ own }, REPLY);
  pack(references, "owned", ...children);
  for (const [n, child] of children.entries()) {
    assertStrictEquals(home(`c${n}`), child);
  }
  router.delete("c0");
  router.set("c1", service({ work: () => 4 }));
  for (const path of ["c0", "c1"]) {
    assertThrows(() => home(path), ReferenceReleasedError);
  }
});

Deno.test("References.unpack refuses what is no reference", () => {
  const references = make();
  for (const data of [null, 1, [], {}, { other: "" }]) {
    assertThrows(() => references.unpack(data, REPLY), TypeError);
  }
});

Deno.test("References owns what a reply brings, and borrows what a request does", () => {
  const references = make();
  const claim = (context: ArrivalContext) =>
    remoteNode(references.unpack("$/ref/0", context))!.claim.state;
  assertEquals(claim(REPLY), "owned");
  assertEquals(claim(REQUEST), "borrowed");
  assertEquals(claim(REPLY), "owned");
});

Deno.test("References matches functions and services, and nothing else", async () => {
  const references = make();
  for (const value of [() => {}, leaf, new Router(), makeRemote(idle, "")]) {
    assert(references.matches(value));
  }
  for (const value of [{}, [], new Date(), new (class {})()]) {
    assertFalse(references.matches(value));
  }
  // A proxy of a third side can be called through this one.
  const third = makeRemote({ ...idle }, "leaf");
  pack(references, "owned", third);
  const target = references.resolve("$/ref/0/work")!;
  await assertRejects(async () => await target.method(), TypeError, "call()");
});

Deno.test("References counts what it holds, and gives it back", () => {
  const budget = new Budget(1_000);
  const references = make({ budget });
  const held = pack(references, "borrowed", () => 1, () => 2, () => 3);
  assertEquals(budget.bytes, 3 * 256);
  const fourth = () => 4;
  assertThrows(
    () => references.pack(fourth, null),
    RangeError,
    "raise 'limits.requests.maxHeldBytes'",
  );
  held.release();
  assertEquals([budget.bytes, references.size], [0, 0]);
  references.pack(fourth, null);
  references.release(0 + 3);
  assertEquals(budget.bytes, 0);
});
