import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { expose } from "../service/expose.ts";
import { pathOf, resolveMethod, resolveService } from "./_resolve.ts";
import { Router, service } from "../service/service.ts";

class Leaf {
  @expose
  work(): string {
    return "done";
  }
}

class Branch {
  @expose
  leaf = new Leaf();
  @expose
  router = new Router();
  @expose
  plain = service({ work: () => "plain", leaf: new Leaf() });
  hidden = new Leaf();
  @expose
  work(): string {
    return "branch";
  }
}

Deno.test("resolveMethod walks hierarchies of classes, services and routers", () => {
  const root = new Branch();
  const child = new Leaf();
  root.router.set("a", child);
  const found = (path: string) => resolveMethod(root, path)?.service;
  assertStrictEquals(found("work"), root);
  assertStrictEquals(found("leaf/work"), root.leaf);
  assertStrictEquals(found("plain/work"), root.plain);
  assertStrictEquals(found("plain/leaf/work"), root.plain.leaf);
  assertStrictEquals(found("router/a/work"), child);
  root.router.delete("a");
  assertEquals(resolveMethod(root, "router/a/work"), null);
});

Deno.test("resolveMethod finds nothing at paths that are no exposed method", () => {
  const root = new Branch();
  const paths = [
    "",
    "/",
    "//",
    "/work",
    "work/",
    "./work",
    "../work",
    "leaf/../work",
    "leaf//work",
    "leaf",
    "leaf/",
    "router",
    "router/set",
    "hidden/work",
    "work/work",
    "work/call",
    "constructor",
    "constructor/prototype/work",
    "__proto__/work",
    "prototype/work",
    "toString",
    "leaf/hasOwnProperty",
    "then",
    "leaf/then",
    "Work",
    " work",
    "work\0",
  ];
  for (const path of paths) {
    assertEquals(resolveMethod(root, path), null, `'${path}'`);
  }
});

Deno.test("resolveService finds services, and nothing at other paths", () => {
  const root = new Branch();
  assertStrictEquals(resolveService(root, "plain/leaf"), root.plain.leaf);
  for (const path of ["", "leaf/", "/leaf", "hidden", "work", "leaf/work"]) {
    assertEquals(resolveService(root, path), null, `'${path}'`);
  }
});

Deno.test("resolveService gives up at the first part that is missing", () => {
  let looked = 0;
  class Counting extends Router {
    override get(_name: string): undefined {
      looked++;
      return undefined;
    }
  }
  assertEquals(resolveService(new Counting(), "/".repeat(1_000_000)), null);
  assertEquals(looked, 1);
});

Deno.test("pathOf is the path at which resolveService finds the service", () => {
  const root = new Branch();
  const child = new Leaf();
  root.router.set("a", child);
  assertEquals(pathOf(root, root), "");
  assertEquals(pathOf(root, child), "router/a");
  for (const each of [root.leaf, root.plain, root.plain.leaf, root.router]) {
    const path = pathOf(root, each);
    assert(path !== null);
    assertStrictEquals(resolveService(root, path), each);
  }
  assertEquals(pathOf(root, root.hidden), null);
  assertEquals(pathOf(root, new Leaf()), null);
});

Deno.test("pathOf takes the shortest of several paths", () => {
  const leaf = new Leaf();
  const root = service({ deep: service({ deeper: service({ leaf }) }), leaf });
  assertEquals(pathOf(root, leaf), "leaf");
});

Deno.test("pathOf looks once into services that hold each other", () => {
  class Node {
    @expose
    next: Node | null = null;
    @expose
    other: Node | null = null;
    @expose
    third: Node | null = null;
  }
  // Every node leads to every other by many paths. Trying all of them would
  // take longer than the age of the universe.
  const nodes = Array.from({ length: 60 }, () => new Node());
  nodes.forEach((node, i) => {
    node.next = nodes[(i + 1) % nodes.length]!;
    node.other = nodes[(i + 7) % nodes.length]!;
    node.third = nodes[(i + 13) % nodes.length]!;
  });
  assertEquals(pathOf(nodes[0]!, new Leaf()), null);
  const path = pathOf(nodes[0]!, nodes[26]!);
  assertEquals(path, "third/third");
});
