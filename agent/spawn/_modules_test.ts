import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SpawnError } from "../errors.ts";
import { loadExport, namedModules } from "./_modules.ts";

Deno.test("namedModules takes the names of a record as they are", () => {
  const modules = JSON.parse(
    '{"one": "file:///a.ts", "__proto__": "/b.ts"}',
  );
  modules.two = new URL("https://example.com/c.ts?x=1");
  assertEquals([...namedModules(modules)], [
    ["one", "file:///a.ts"],
    ["__proto__", "file:///b.ts"],
    ["two", "https://example.com/c.ts?x=1"],
  ]);
});

Deno.test("namedModules refuses what is neither a URL nor an absolute path", () => {
  for (const bad of ["./a.ts", "a.ts", "@std/path"]) {
    assertThrows(() => namedModules({ bad }), TypeError, bad);
  }
  assertThrows(() => namedModules({}), TypeError, "empty");
});

Deno.test("loadExport loads what a listed module exports, and nothing else", async () => {
  const modules = namedModules({
    "a:b": "data:text/javascript,export const x = 1; export default 2;",
  });
  assertEquals(await loadExport(modules, "a:b:x"), 1);
  assertEquals(await loadExport(modules, "a:b:default"), 2);
  for (const name of ["a:b:y", "a:b:toString", "a:b", "x", "", ":"]) {
    await assertRejects(() => loadExport(modules, name), SpawnError, name);
  }
});

Deno.test("loadExport tells the class of what a module throws", async () => {
  const modules = namedModules({
    bad: "data:text/javascript,throw new RangeError('no')",
  });
  const error = await assertRejects(
    () => loadExport(modules, "bad:x"),
    SpawnError,
    "RangeError: no",
  );
  assertEquals(error.remoteName, "RangeError");
});
