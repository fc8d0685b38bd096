import {
  assert,
  assertEquals,
  assertFalse,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { expose } from "./expose.ts";
import { method } from "./method.ts";
import { isService, Router, routesOf, service, subService } from "./service.ts";

class Counter {
  #count = 0;
  @expose
  add(amount: number): number {
    return this.#count += amount;
  }
}

Deno.test("service makes what can be used on this side as well", () => {
  const made = service({
    add: (a: number, b: number) => a + b,
    twice(a: number): number {
      return this.add(a, a);
    },
    counter: new Counter(),
  });
  assertEquals(made.twice(2), 4);
  assertEquals(made.counter.add(1), 1);
  assertEquals(Object.keys(made), ["add", "twice", "counter"]);
});

Deno.test("service is not changed by later changes of its definition", () => {
  const definition: Record<string, () => number> = { one: () => 1 };
  const made = service(definition);
  definition.two = () => 2;
  delete definition.one;
  assertEquals([...routesOf(made).keys()], ["one"]);
  assertThrows(() => Object.assign(made, { one: () => 3 }), TypeError);
});

Deno.test("service takes own properties only", () => {
  const definition: { work(): void } = Object.create({ inherited() {} });
  definition.work = () => {};
  assertEquals([...routesOf(service(definition)).keys()], ["work"]);
  assertThrows(() => service({ toString: () => "" }), TypeError, "'toString'");
});

Deno.test("service passes options on to its routes", () => {
  const made = service({ work: method({ idempotent: true }, () => 1) });
  const route = routesOf(made).get("work");
  assert(route?.method);
  assertEquals(route.options, { idempotent: true });
});

Deno.test("service refuses what is neither function nor service", () => {
  for (const value of [1, null, undefined, "text", {}, [], new Date()]) {
    assertThrows(() => service({ value }), TypeError, "'value' is neither");
  }
  assertThrows(() => service({ "a/b": () => {} }), TypeError, "'a/b'");
  assertThrows(() => service({ $a: () => {} }), TypeError, "'$a'");
  assertThrows(() => service({ "": () => {} }), TypeError);
});

Deno.test("isService tells what exposes a name from everything else", () => {
  class Hidden {
    work(): void {}
  }
  class Child extends Counter {}
  const services = [
    new Counter(),
    new Child(),
    service({ work() {} }),
    new Router(),
  ];
  for (const each of services) assert(isService(each));
  const others = [
    new Hidden(),
    service({}),
    {},
    [],
    new Map(),
    Object.create(null),
    null,
    undefined,
    "text",
    Counter,
    () => {},
    { constructor: {} },
    { constructor: null },
  ];
  for (const each of others) assertFalse(isService(each));
});

Deno.test("routesOf finds what a parent class exposes", () => {
  class Child extends Counter {
    @expose
    reset(): void {}
  }
  assertEquals([...routesOf(new Child()).keys()], ["add", "reset"]);
});

Deno.test("routesOf hides what is overridden without a mark", () => {
  class Silent extends Counter {
    override add(): number {
      return 0;
    }
  }
  class Getter extends Counter {}
  Object.defineProperty(Getter.prototype, "add", { get: () => () => 0 });
  class Again extends Silent {
    @expose
    override add(): number {
      return 1;
    }
  }
  assertEquals(routesOf(new Silent()).size, 0);
  assertEquals(routesOf(new Getter()).size, 0);
  const route = routesOf(new Again()).get("add");
  assert(route?.method);
  assertEquals(route.method.call(new Again()), 1);
  // The base class is unchanged.
  assertEquals([...routesOf(new Counter()).keys()], ["add"]);
});

Deno.test("subService reaches exposed fields that hold a service, and no others", () => {
  class Parent {
    @expose
    open: Counter | null = new Counter();
    closed = new Counter();
    @expose
    work(): void {}
  }
  class Child extends Parent {}
  const parent = new Child();
  assertStrictEquals(subService(parent, "open"), parent.open);
  for (const name of ["closed", "work", "constructor", "", "..", "__proto__"]) {
    assertEquals(subService(parent, name), undefined);
  }
  parent.open = null;
  assertEquals(subService(parent, "open"), undefined);
});

Deno.test("subService follows a field to what it holds by now", () => {
  class Parent {
    @expose
    current: object = new Counter();
  }
  const parent = new Parent();
  const later = service({ work() {} });
  parent.current = later;
  assertStrictEquals(subService(parent, "current"), later);
  parent.current = { work() {} };
  assertEquals(subService(parent, "current"), undefined);
});

Deno.test("Router finds, replaces and forgets children", () => {
  const router = new Router();
  const [one, two] = [new Counter(), new Counter()];
  router.set("a", one);
  assertStrictEquals(router.get("a"), one);
  assertEquals(router.nameOf(one), "a");
  router.set("a", two);
  assertStrictEquals(router.get("a"), two);
  assertEquals(router.nameOf(one), undefined);
  assert(router.delete("a"));
  assertFalse(router.delete("a"));
  assertEquals(router.get("a"), undefined);
  assertEquals(router.nameOf(two), undefined);
});

Deno.test("Router keeps the name that a child still has", () => {
  const router = new Router();
  const child = new Counter();
  router.set("a", child);
  router.set("b", child);
  router.delete("a");
  assertEquals(router.nameOf(child), "b");
  router.set("b", child);
  assertEquals(router.nameOf(child), "b");
});

Deno.test("Router refuses what is no service, and bad names", () => {
  const router = new Router();
  assertThrows(() => router.set("a", {}), TypeError, "Cannot add 'a'");
  assertThrows(() => router.set("a/b", new Counter()), TypeError, "'a/b'");
  assertThrows(() => router.set("$a", new Counter()), TypeError);
  assertEquals(router.get("a"), undefined);
});

Deno.test("Router exposes its children, and nothing of its own", () => {
  const router = new Router();
  router.set("child", new Counter());
  assertEquals(routesOf(router).size, 0);
  for (const name of ["set", "get", "delete", "nameOf", "constructor"]) {
    assertEquals(subService(router, name), undefined);
  }
});
