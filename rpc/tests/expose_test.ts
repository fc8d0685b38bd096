import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkName, expose, ownExposures } from "../service/expose.ts";
import { routesOf, service } from "../service/service.ts";

const sub = service({ work: () => 1 });

function metadataOf(type: object): object {
  return (type as { [Symbol.metadata]: object })[Symbol.metadata];
}

Deno.test("expose marks methods and fields, bare or with options", () => {
  class Marked {
    @expose
    sub = sub;
    @expose
    bare(): void {}
    @expose({ idempotent: true })
    optional(): void {}
    unmarked(): void {}
  }
  const exposures = ownExposures(Marked)!;
  assertEquals([...exposures.keys()].sort(), ["bare", "optional", "sub"]);
  assertEquals(exposures.get("optional")?.options, { idempotent: true });
});

Deno.test("expose leaves no trace that can be called or listed", () => {
  class Marked {
    @expose
    work(): void {}
  }
  assertEquals(Object.keys(metadataOf(Marked)), []);
  assertEquals(Object.getOwnPropertyNames(Marked.prototype), [
    "constructor",
    "work",
  ]);
});

Deno.test("expose keeps the marks of a class apart from its parent's", () => {
  class Parent {
    @expose
    inherited(): void {}
  }
  class Child extends Parent {
    @expose
    added(): void {}
  }
  class Plain extends Parent {}
  assertEquals([...ownExposures(Parent)!.keys()], ["inherited"]);
  assertEquals([...ownExposures(Child)!.keys()], ["added"]);
  assertEquals(ownExposures(Plain), undefined);
});

Deno.test("expose called without options in plain JavaScript marks too", () => {
  const decorate = expose as unknown as () => typeof expose;
  class Marked {
    @decorate()
    work(): void {}
  }
  const route = routesOf(new Marked()).get("work");
  assertEquals(route?.method && route.options, {});
});

Deno.test("expose refuses what is private, at class definition", () => {
  assertThrows(
    () => {
      class Bad {
        // @ts-expect-error: it does not compile either
        @expose
        #secret(): void {}
        use(): void {
          this.#secret();
        }
      }
      return Bad;
    },
    TypeError,
    "Cannot expose '#secret': it is private",
  );
  assertThrows(
    () => {
      class Bad {
        // @ts-expect-error: it does not compile either
        @expose
        #secret = sub;
        use(): unknown {
          return this.#secret;
        }
      }
      return Bad;
    },
    TypeError,
    "is private",
  );
});

Deno.test("expose refuses what is static, at class definition", () => {
  assertThrows(
    () => {
      class Bad {
        // @ts-expect-error: it does not compile either
        @expose
        static make(): void {}
      }
      return Bad;
    },
    TypeError,
    "Cannot expose 'make': it is static",
  );
});

Deno.test("expose refuses names that are symbols, at class definition", () => {
  assertThrows(
    () => {
      class Bad {
        // @ts-expect-error: it does not compile either
        @expose
        [Symbol.iterator](): void {}
      }
      return Bad;
    },
    TypeError,
    "is named by a symbol",
  );
});

Deno.test("expose refuses getters, setters, accessors and classes", () => {
  assertThrows(
    () => {
      class Bad {
        // @ts-expect-error: it does not compile either
        @expose
        get value(): number {
          return 1;
        }
      }
      return Bad;
    },
    TypeError,
    "it is a getter",
  );
  assertThrows(
    () => {
      class Bad {
        // @ts-expect-error: it does not compile either
        @expose
        set value(_value: number) {}
      }
      return Bad;
    },
    TypeError,
    "it is a setter",
  );
  assertThrows(
    () => {
      class Bad {
        // @ts-expect-error: it does not compile either
        @expose
        accessor value = sub;
      }
      return Bad;
    },
    TypeError,
    "it is an accessor",
  );
});

Deno.test("expose refuses names that cannot be part of a path", () => {
  assertThrows(
    () => {
      class Bad {
        @expose
        "a/b"(): void {}
      }
      return Bad;
    },
    TypeError,
    "Cannot expose 'a/b'",
  );
  assertThrows(
    () => {
      class Bad {
        @expose
        $start(): void {}
      }
      return Bad;
    },
    TypeError,
    "Cannot expose '$start'",
  );
});

Deno.test("checkName takes names that a path can hold", () => {
  for (const name of ["a", "a$", "..", "0", "grüße", "names", "_call"]) {
    checkName(name);
  }
  for (const name of ["", "/", "a/", "$", "$/ref", "@@iterator"]) {
    assertThrows(() => checkName(name), TypeError, "begin with");
  }
});

Deno.test("checkName refuses each name that functions, objects and tools have", () => {
  const inherited = [Object.prototype, Function.prototype, function () {}]
    .flatMap((it) => Object.getOwnPropertyNames(it));
  const told = ["then", "toJSON", "asymmetricMatch", "inspect", "nodeType"];
  for (const name of [...inherited, ...told]) {
    assertThrows(() => checkName(name), TypeError, "look this name up", name);
  }
});

Deno.test("expose refuses a name of functions, at class definition", () => {
  assertThrows(
    () => {
      class Bad {
        @expose
        call(): void {}
      }
      return Bad;
    },
    TypeError,
    "Cannot expose 'call'",
  );
});

Deno.test("ownExposures finds nothing on what was never marked", () => {
  assertEquals(ownExposures(class {}), undefined);
  assertEquals(ownExposures({}), undefined);
  assertEquals(ownExposures(Object), undefined);
  // Metadata that another decorator created, or that was set by hand.
  assertEquals(ownExposures({ [Symbol.metadata]: {} }), undefined);
  assertEquals(ownExposures({ [Symbol.metadata]: null }), undefined);
  assert(ownExposures(Object.create(metadataOf)) === undefined);
});

Deno.test("expose survives a class decorator that returns a subclass", () => {
  function counted<C extends new (...args: never[]) => object>(type: C): C {
    return class extends (type as new () => object) {} as unknown as C;
  }
  @counted
  class Marked {
    @expose
    work(): number {
      return 1;
    }
  }
  const route = routesOf(new Marked()).get("work");
  assertEquals(route?.method?.call(undefined), 1);
});

Deno.test("expose takes a name that is a number", () => {
  class Numbers {
    @expose
    5(): number {
      return 5;
    }
  }
  assertEquals(routesOf(new Numbers()).get("5")?.method?.call(null), 5);
});
