import { assert, assertEquals, assertFalse } from "@std/assert";
import { readConfig } from "./_project.ts";
import { canLoad, jsrSpecifiers } from "./npm_std.ts";
import map from "./npm_std/import_map.json" with { type: "json" };

Deno.test("jsrSpecifiers asks for the entries in use, and for JSR's alone", () => {
  const imports = {
    "@std/assert": "jsr:@std/assert@^1.0.0",
    "@std/testing": "jsr:@std/testing@^1.0.0",
    "other": "npm:other@1.0.0",
  };
  const names = ["@std/assert", "@std/testing/types", "other", "unknown"];
  assertEquals(jsrSpecifiers(imports, names), [
    "jsr:@std/assert@^1.0.0",
    "jsr:@std/testing@^1.0.0/types",
  ]);
});

Deno.test("canLoad tells what can be loaded from what cannot", async () => {
  const here = import.meta.resolve("./fixtures/first.ts");
  const nowhere = import.meta.resolve("./fixtures/no_such_file.ts");
  assert(await canLoad([here], 60_000));
  assertFalse(await canLoad([here, nowhere], 60_000));
});

Deno.test("canLoad gives up at its limit", async () => {
  const here = import.meta.resolve("./fixtures/first.ts");
  assertFalse(await canLoad([here], 0));
});

Deno.test("import_map.json takes the place of every import of deno.json", async () => {
  const { imports } = await readConfig();
  const mapped: Record<string, string> = map.imports;
  for (const [name, target] of Object.entries(imports)) {
    if (target.startsWith("npm:")) {
      assertEquals(mapped[name], target, `'${name}' differs`);
    } else {
      const names = Object.keys(mapped).filter((it) =>
        it === name || it.startsWith(`${name}/`)
      );
      assert(names.length > 0, `'${name}' is not mapped`);
    }
  }
});

Deno.test("the modules of import_map.json export nothing that is undefined", async () => {
  for (const [name, target] of Object.entries(map.imports)) {
    if (!target.startsWith("./")) continue;
    const url = new URL(target, import.meta.resolve("./npm_std/"));
    const module: Record<string, unknown> = await import(url.href);
    const exported = Object.entries(module);
    assert(exported.length > 0, `'${name}' exports nothing`);
    for (const [key, value] of exported) {
      assert(value !== undefined, `'${key}' of '${name}' is undefined`);
    }
  }
});
